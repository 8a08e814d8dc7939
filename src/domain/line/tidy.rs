//! The form in which a line is kept: no escape sequences, no control characters, bounded.

use crate::domain::text::is_hostile;

/// The most bytes of one line that are kept; the rest is cut and the line is marked.
pub const MAX_LINE: usize = 64 * 1024;

/// The longest escape sequence that is taken for one; a longer one is shown instead of hidden.
const MAX_SEQUENCE: usize = 256;

/// Appends the line to `out` as it is kept, and says whether it was cut. Color and cursor
/// sequences are left out, other control characters become their pictures, a tab four spaces.
/// A cut line ends with `…` and is never longer than [`MAX_LINE`].
pub fn tidy(raw: &str, out: &mut String) -> bool {
    let raw = raw.trim_end_matches(['\n', '\r']);
    if raw.len() <= MAX_LINE && is_plain(raw.as_bytes()) {
        out.push_str(raw);
        return false;
    }
    let limit = out.len() + MAX_LINE - '…'.len_utf8();
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        if c == '\u{1b}'
            && let Some(length) = sequence(rest)
        {
            rest = &rest[length..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let before = out.len();
        match c {
            '\t' => out.push_str("    "),
            '\u{0}'..='\u{1f}' => out.extend(char::from_u32(0x2400 + c as u32)),
            '\u{7f}' => out.push('\u{2421}'),
            _ if is_hostile(c) => {}
            _ => out.push(c),
        }
        if out.len() > limit {
            out.truncate(before);
            out.push('…');
            return true;
        }
    }
    false
}

/// Whether every byte is printable ASCII; written so that it runs many bytes at a time.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.chunks(64).all(|chunk| chunk.iter().fold(true, |plain, b| plain & (0x20..0x7f).contains(b)))
}

/// The length in bytes of the escape sequence that `text` begins with (ECMA-48: CSI, and the
/// strings of OSC, DCS, SOS, PM and APC); `None` where it is none or does not end.
fn sequence(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let within = bytes.get(2..bytes.len().min(MAX_SEQUENCE))?;
    match bytes.get(1)? {
        b'[' => {
            let end = within.iter().position(|b| !(0x20..0x40).contains(b))?;
            (0x40..0x7f).contains(&within[end]).then_some(end + 3)
        }
        b']' | b'P' | b'X' | b'^' | b'_' => {
            let end = within.iter().position(|b| matches!(b, 0x07 | 0x1b))?;
            match within[end] {
                0x07 => Some(end + 3),
                _ => (within.get(end + 1) == Some(&b'\\')).then_some(end + 4),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tidied(raw: &str) -> String {
        let mut out = String::new();
        tidy(raw, &mut out);
        out
    }

    #[test]
    fn colors_and_links_are_left_out() {
        assert_eq!(tidied("\x1b[1;31mERROR\x1b[0m it broke\r\n"), "ERROR it broke");
        assert_eq!(tidied("\x1b]8;;http://evil\x1b\\text\x1b]0;title\x07!"), "text!");
    }

    #[test]
    fn what_is_no_whole_sequence_is_shown() {
        assert_eq!(tidied("\x1b]0;never ends"), "␛]0;never ends");
        assert_eq!(tidied("\x1bc\ttab\x08"), "␛c    tab␈");
    }

    #[test]
    fn a_huge_line_is_cut_with_a_mark() {
        let mut out = String::from("before");
        assert!(tidy(&"ä".repeat(10 << 20), &mut out));
        assert!(out.len() - "before".len() <= MAX_LINE);
        assert!(out.ends_with('…'));
    }

    proptest! {
        #[test]
        fn nothing_hostile_is_left(raw in "([\\x00-\\x1f\\x7f-\\x9f\u{202e}a\\[\\]m;0-9]|\\PC)*") {
            prop_assert!(!tidied(&raw).chars().any(is_hostile));
        }
    }
}
