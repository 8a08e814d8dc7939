//! The filter of a page: words that a row must hold.

use super::text_input::TextInput;

/// What is typed, and whether keys go to it now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The line.
    pub input: TextInput,
    /// Whether it takes the keys.
    pub editing: bool,
}

impl Filter {
    /// Whether a row that reads so is shown: every word must be in one of its texts, in any case;
    /// a word with `!` before it must be in none.
    pub fn passes(&self, texts: &[&str]) -> bool {
        self.input.text().split_whitespace().all(|word| match word.strip_prefix('!') {
            Some("") => true,
            Some(word) => !any_contains(texts, word),
            None => any_contains(texts, word),
        })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.input.text().trim().is_empty()
    }
}

fn any_contains(texts: &[&str], word: &str) -> bool {
    let word = word.to_lowercase();
    texts.iter().any(|text| text.to_lowercase().contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Filter {
        Filter { input: TextInput::with(text), editing: false }
    }

    #[test]
    fn every_word_counts_and_a_mark_turns_one_around() {
        assert!(filter("web PROD").passes(&["web-1", "production"]));
        assert!(!filter("web !prod").passes(&["web-1", "production"]));
        assert!(filter("").passes(&[]));
        assert!(filter("!").passes(&["x"]));
    }
}
