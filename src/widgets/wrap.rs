//! Long lines over several rows.

use unicode_width::UnicodeWidthStr;

/// Breaks a line at spaces into rows of at most so many cells, the space at the end of a row not
/// counted; a word that is longer than a row is broken too. No cell at all counts as one.
pub fn wrap(line: &str, most: usize) -> Vec<String> {
    let most = most.max(1);
    let mut rows = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let mut word = word;
        loop {
            let row = rows.last().map_or(0, |row| row.width());
            if row + word.trim_end().width() <= most {
                break;
            }
            if row > 0 {
                rows.push(String::new());
                continue;
            }
            let cut = word.char_indices().nth(most).map_or(word.len(), |(at, _)| at);
            let (head, tail) = word.split_at(cut);
            if let Some(row) = rows.last_mut() {
                row.push_str(head);
            }
            rows.push(String::new());
            word = tail;
        }
        if let Some(row) = rows.last_mut() {
            row.push_str(word);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("the key of web-1 changed", 10), ["the key of ", "web-1 ", "changed"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_by_wrapping(line in "[a-z ]{0,60}", most in 1usize..20) {
            let rows = wrap(&line, most);
            prop_assert_eq!(rows.concat(), line);
            prop_assert!(rows.iter().all(|row| row.trim_end().width() <= most));
        }
    }
}
