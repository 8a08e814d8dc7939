//! Text from elsewhere is hostile: nothing reaches the operator's terminal before it went through here.

use std::borrow::Cow;

/// The text with every control character shown as its Unicode picture (`ESC` as `␛`) or left out
/// where it has none, tabs as one space, and bidirectional overrides removed. One line stays one line.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter_map(harmless).collect())
}

/// Whether a character may not be drawn as it is: C0 and C1 controls, and what changes the
/// direction or the joining of the text around it (Trojan Source, CVE-2021-42574).
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn harmless(c: char) -> Option<char> {
    match c {
        '\t' => Some(' '),
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('\u{2421}'),
        _ if is_hostile(c) => None,
        _ => Some(c),
    }
}

/// At most `max` characters, with `…` in place of what was cut.
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    if text.chars().count() <= max {
        return Cow::Borrowed(text);
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    Cow::Owned(short)
}

/// The last thing that a program said, clean and at most `max` characters long; a line that is indented by a tab
/// goes on with the one before it, as `psql` has it.
pub fn last_words(said: &str, max: usize) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let first = lines.iter().rposition(|line| !line.starts_with('\t')).unwrap_or_default();
    let words: Vec<&str> = lines.iter().skip(first).map(|line| line.trim()).collect();
    shorten(&clean(&words.join(" ")), max).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(clean("\x1b[31mred\x07"), "␛[31mred␇");
    }

    #[test]
    fn overrides_of_direction_are_dropped() {
        assert_eq!(clean("a\u{202e}b"), "ab");
    }

    #[test]
    fn what_is_cut_is_marked() {
        assert_eq!(shorten("midwatch", 4), "mid…");
        assert_eq!(shorten("mid", 4), "mid");
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left(text in "\\PC*|[\\x00-\\x1f\\x7f-\\x9f\u{202e}a]*") {
            prop_assert!(!clean(&text).chars().any(is_hostile));
        }
    }

    #[test]
    fn the_last_words_are_whole() {
        let socket = "psql: error: connection to server failed: No such file or directory\n\tIs the server running locally?\n\n";
        assert_eq!(
            last_words(&format!("first\n{socket}"), 200),
            "psql: error: connection to server failed: No such file or directory Is the server running locally?"
        );
        assert_eq!(last_words("one\n  two\u{1b}[2J\n", 200), "two␛[2J");
        assert_eq!(last_words("\tonly", 200), "only");
        assert_eq!(last_words("", 200), "");
    }
}
