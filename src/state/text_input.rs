//! One line that a person types.

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::text::is_hostile;
use crate::keys::chord::{Chord, Key};

/// The most bytes that are taken; a paste past it is cut.
const MOST: usize = 4096;

/// The text and where the cursor stands in it, in bytes, on a border of graphemes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextInput {
    text: String,
    cursor: usize,
}

/// What a key did to the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The text changed.
    Changed,
    /// Only the cursor moved, or there was nothing to do.
    Moved,
    /// The key means nothing to a line of text.
    Ignored,
}

impl TextInput {
    /// A line with a text in it, the cursor at its end.
    pub fn with(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor and after it.
    pub fn split(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Takes a key as readline does: arrows, home, end, and ctrl with a, e, u, w, k.
    pub fn key(&mut self, chord: Chord) -> Edit {
        match (chord.key, chord.ctrl) {
            (Key::Char('u'), true) => self.cut(0, self.cursor),
            (Key::Char('k'), true) => self.cut(self.cursor, self.text.len()),
            (Key::Char('w'), true) => self.cut(self.word_start(), self.cursor),
            (Key::Char('a'), true) | (Key::Home, _) => self.go(0),
            (Key::Char('e'), true) | (Key::End, _) => self.go(self.text.len()),
            (Key::Backspace, _) => self.cut(self.before(), self.cursor),
            (Key::Delete, _) => self.cut(self.cursor, self.after()),
            (Key::Left, _) => self.go(self.before()),
            (Key::Right, _) => self.go(self.after()),
            _ => match chord.typed() {
                Some(c) => {
                    self.insert(c.encode_utf8(&mut [0; 4]));
                    Edit::Changed
                }
                None => Edit::Ignored,
            },
        }
    }

    /// Takes text as a whole; lines become one, control characters are left out.
    pub fn insert(&mut self, text: &str) {
        let clean: String = text
            .chars()
            .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
            .filter(|c| !is_hostile(*c))
            .collect();
        for grapheme in clean.graphemes(true) {
            if self.text.len() + grapheme.len() > MOST {
                return;
            }
            self.text.insert_str(self.cursor, grapheme);
            self.cursor += grapheme.len();
        }
    }

    fn cut(&mut self, from: usize, to: usize) -> Edit {
        if from == to {
            return Edit::Moved;
        }
        self.text.replace_range(from..to, "");
        self.cursor = from;
        Edit::Changed
    }

    fn go(&mut self, to: usize) -> Edit {
        self.cursor = to;
        Edit::Moved
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_start(&self) -> usize {
        let head = self.text[..self.cursor].trim_end();
        // A space may be wider than a byte (U+00A0): the border is behind all of it.
        let space = head.char_indices().rev().find(|(_, c)| c.is_whitespace());
        space.map_or(0, |(at, c)| at + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_edits_as_a_shell_does() {
        let mut input = TextInput::with("web-1 status");
        input.key(Chord::ctrl('w'));
        assert_eq!(input.text(), "web-1 ");
        input.key(Chord::ctrl('u'));
        assert_eq!(input.text(), "");
    }

    #[test]
    fn a_wide_space_ends_a_word() {
        let mut input = TextInput::with("\u{a0}web");
        input.key(Chord::ctrl('w'));
        assert_eq!(input.text(), "\u{a0}");
    }

    #[test]
    fn a_paste_becomes_one_clean_line() {
        let mut input = TextInput::default();
        input.insert("a\nb\x1b[31m");
        assert_eq!(input.text(), "a b[31m");
    }

    proptest! {
        #[test]
        fn no_key_breaks_a_character(text in "\\PC{0,12}", keys in prop::collection::vec(0usize..8, 0..20)) {
            let chords = [
                Chord::plain(Key::Left), Chord::plain(Key::Right), Chord::plain(Key::Backspace),
                Chord::plain(Key::Delete), Chord::ctrl('w'), Chord::plain(Key::Home),
                Chord::plain(Key::End), Chord::char('é'),
            ];
            let mut input = TextInput::with(text);
            for key in keys {
                input.key(chords[key]);
                let (head, tail) = input.split();
                prop_assert_eq!(head.len() + tail.len(), input.text().len());
            }
        }
    }
}
