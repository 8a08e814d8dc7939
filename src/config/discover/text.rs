//! Pieces of a configuration's text (TOML 1.0).

use crate::config::value::quoted;
use crate::domain::text::{clean, shorten};

/// How wide a comment gets.
const WIDE: usize = 100;
/// How long one may be.
const MOST: usize = 600;

/// The head of a table, behind an empty line.
pub(super) fn format_table(section: &str, name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let name = if bare && !name.is_empty() { name.to_owned() } else { key(name) };
    format!("\n[{section}.{name}]\n")
}

/// A key that is not bare: a basic string on one line ("Keys").
fn key(name: &str) -> String {
    let mut text = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            // Names have been mended before: no control character is left in them.
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// A key with its value.
pub(super) fn format_key(key: &str, value: &str) -> String {
    format!("{key} = {value}\n")
}

/// An array of strings.
pub(super) fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", words.map(quoted).collect::<Vec<_>>().join(", "))
}

/// A sentence as rows of a comment, whatever stands in it.
pub(super) fn comment(sentence: &str) -> String {
    let sentence = clean(sentence);
    let mut text = String::new();
    let mut cells = 0;
    for word in shorten(&sentence, MOST).split_whitespace() {
        let length = word.chars().count() + 1;
        if cells == 0 || cells + length > WIDE {
            text.push_str(if cells == 0 { "#" } else { "\n#" });
            cells = 1;
        }
        text.extend([" ", word]);
        cells += length;
    }
    text + "\n"
}
