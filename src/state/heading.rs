//! What a page says first of what it is about: its health in a word, and why, over as many rows as that
//! needs. How many those are decides where everything below stands, so it is worked out here.

use crate::domain::health::Health;
use crate::widgets::wrap::wrap;

/// The most rows that it takes; what is longer is cut with a mark, and told whole by itself.
const MOST: usize = 3;
/// Cells of a sign with its space, and of the space behind the word.
const SIGN: usize = 2;
const BEHIND: usize = 2;
/// Cells that a row of the page leaves empty at its two ends.
const MARGINS: u16 = 3;

/// A heading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// How it is.
    pub health: Health,
    /// The same in a word, or in the words that stand for it.
    pub word: String,
    /// Why.
    pub reason: String,
}

impl Heading {
    /// The rows of the reason in an area so wide; the first stands behind sign and word.
    pub fn rows(&self, width: u16) -> Vec<String> {
        let ahead = SIGN + self.word.chars().count() + BEHIND;
        let mut rows = wrapped(&format!("{}{}", " ".repeat(ahead), self.reason), width, MOST);
        if let Some(first) = rows.first_mut() {
            *first = first.chars().skip(ahead).collect();
        }
        rows
    }

    /// How many those are.
    pub fn height(&self, width: u16) -> u16 {
        u16::try_from(self.rows(width).len()).unwrap_or(1)
    }
}

/// A sentence in an area so wide, over at most so many rows: what does not fit stands in the last, to be
/// cut there with a mark.
pub fn wrapped(text: &str, width: u16, most: usize) -> Vec<String> {
    let mut rows = wrap(text, usize::from(width.saturating_sub(MARGINS)));
    if rows.len() > most {
        let rest = rows.split_off(most.saturating_sub(1)).concat();
        rows.push(rest);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(reason: &str, width: u16) -> Vec<String> {
        Heading { health: Health::Down, word: "down".to_owned(), reason: reason.to_owned() }.rows(width)
    }

    #[test]
    fn a_short_reason_takes_one_row_and_a_long_one_as_many_as_it_needs() {
        assert_eq!(rows("full", 40), ["full"]);
        assert_eq!(rows("", 40), [""]);
        assert_eq!(rows("one two three four five", 23), ["one two ", "three four five"]);
    }

    #[test]
    fn what_is_too_long_is_whole_in_the_last_row_to_be_cut_with_a_mark() {
        let told = rows(&"word ".repeat(40), 23);
        assert_eq!(told.len(), 3);
        assert_eq!(told.concat(), "word ".repeat(40));
    }
}
