//! A program with its arguments, as a list; never a line for a shell.

use toml::de::DeValue;

use super::mistake::{Mistake, excerpt};
use super::value::{Read, Value};

/// A program and its arguments, at least the program.
pub(super) struct Argv(pub(super) Vec<String>);

impl Read for Argv {
    fn expects() -> String {
        "a list: the program and its arguments".to_owned()
    }

    fn read(value: Value<'_>) -> Option<Self> {
        if let DeValue::String(line) = value.raw.get_ref() {
            let line = excerpt(line);
            let words: Vec<_> = line.split_whitespace().map(super::value::quoted).collect();
            value.bad(
                Mistake::error(value.span(), "a command is a list: the program and its arguments")
                    .label(format!("did you mean [{}]?", words.join(", ")))
                    .help("for a shell's features: [\"sh\", \"-c\", \"…\"]"),
            );
            return None;
        }
        let DeValue::Array(list) = value.raw.get_ref() else {
            value.wrong(&Self::expects());
            return None;
        };
        if list.is_empty() {
            value.bad(Mistake::error(value.span(), "the list is empty: a command needs a program"));
            return None;
        }
        // An empty argument is one; an empty program is not.
        let words: Option<Vec<String>> =
            value.entries().into_iter().map(|word| word.text("a string").map(str::to_owned)).collect();
        words.filter(|words| !words[0].is_empty()).map(Self)
    }

    fn show(&self) -> String {
        format!("[{}]", self.0.iter().map(|word| super::value::quoted(word)).collect::<Vec<_>>().join(", "))
    }
}
