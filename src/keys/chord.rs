//! One key with its modifiers, and its text form (`q`, `G`, `ctrl-d`, `alt-enter`, `f5`, `shift-tab`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A key without modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character as it was typed: capitals carry no shift.
    Char(char),
    /// Function keys, 1 to 12.
    F(u8),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Erase backwards.
    Backspace,
    /// Erase forwards.
    Delete,
    /// Insert.
    Insert,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
}

const NAMED: &[(&str, Key)] = &[
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("space", Key::Char(' ')),
    ("minus", Key::Char('-')),
];

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// With control.
    pub ctrl: bool,
    /// With alt (meta, option).
    pub alt: bool,
    /// With shift, for keys that are no characters.
    pub shift: bool,
}

impl Chord {
    /// A key alone.
    pub const fn plain(key: Key) -> Self {
        Self { key, ctrl: false, alt: false, shift: false }
    }

    /// A character alone.
    pub const fn char(c: char) -> Self {
        Self::plain(Key::Char(c))
    }

    /// A character with control.
    pub const fn ctrl(c: char) -> Self {
        Self { key: Key::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// The character that it types into a text field, where it types one.
    pub fn typed(&self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// As a footer shows it: `↵`, `⇥`, `^d`, `M-x`, `F5`, else its name.
    pub fn label(&self) -> String {
        let key = match self.key {
            Key::Char(' ') => "space".to_owned(),
            Key::Char(c) => c.to_string(),
            Key::F(n) => format!("F{n}"),
            Key::Enter => "enter".to_owned(),
            Key::Up => "↑".to_owned(),
            Key::Down => "↓".to_owned(),
            Key::Left => "←".to_owned(),
            Key::Right => "→".to_owned(),
            Key::PageUp => "pgup".to_owned(),
            Key::PageDown => "pgdn".to_owned(),
            key => name(key).to_owned(),
        };
        let mut label = String::new();
        if self.ctrl {
            label.push('^');
        }
        if self.alt {
            label.push_str("M-");
        }
        if self.shift {
            label.push_str("S-");
        }
        label + &key
    }
}

fn name(key: Key) -> &'static str {
    NAMED.iter().find(|(_, named)| *named == key).map_or("", |(name, _)| name)
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, text) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(text)?;
            }
        }
        match self.key {
            Key::F(n) => write!(f, "f{n}"),
            Key::Char(c) if name(self.key).is_empty() => write!(f, "{c}"),
            key => f.write_str(name(key)),
        }
    }
}

/// Why a text is no chord.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key; write `q`, `G`, `ctrl-d`, `alt-enter`, `f5` or `shift-tab`")]
pub struct NotAChord(pub String);

impl FromStr for Chord {
    type Err = NotAChord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut chord = Self::plain(Key::Esc);
        let mut rest = text;
        loop {
            let (flag, tail) = if let Some(tail) = rest.strip_prefix("ctrl-") {
                (&mut chord.ctrl, tail)
            } else if let Some(tail) = rest.strip_prefix("alt-") {
                (&mut chord.alt, tail)
            } else if let Some(tail) = rest.strip_prefix("shift-") {
                (&mut chord.shift, tail)
            } else {
                break;
            };
            *flag = true;
            rest = tail;
        }
        chord.key = parse_key(rest).ok_or_else(|| NotAChord(text.to_owned()))?;
        Ok(chord)
    }
}

fn parse_key(text: &str) -> Option<Key> {
    if let Some((_, key)) = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*key);
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() => Some(Key::Char(c)),
        (Some('f' | 'F'), Some(_)) => text[1..].parse().ok().filter(|n| (1..=12).contains(n)).map(Key::F),
        _ => None,
    }
}

impl Serialize for Chord {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Chord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<char>().prop_filter("no control", |c| !c.is_control()).prop_map(Key::Char),
            (1u8..=12).prop_map(Key::F),
            prop::sample::select(NAMED.iter().map(|(_, key)| *key).collect::<Vec<_>>()),
        ]
    }

    proptest! {
        #[test]
        fn reading_undoes_writing(key in any_key(), ctrl: bool, alt: bool, shift: bool) {
            let chord = Chord { key, ctrl, alt, shift };
            prop_assert_eq!(chord.to_string().parse(), Ok(chord));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "ctrl-", "hyper-x", "f13", "qq"] {
            assert!(text.parse::<Chord>().is_err(), "{text} was taken for a chord");
        }
    }
}
