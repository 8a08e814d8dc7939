//! Words of which one is to be picked: how they are read, and the macro that makes an enum of them.

use super::mistake::{Mistake, excerpt};
use super::value::Value;

/// Reads one word of several.
pub(super) fn read_word<T: Copy>(value: Value<'_>, words: &[(&'static str, T)]) -> Option<T> {
    let list = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let text = value.text(&format!("one of {list}"))?;
    if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
        return Some(*found);
    }
    let near = super::walk::nearest(text, words.iter().map(|(word, _)| *word));
    let mut mistake = Mistake::error(value.span(), format!("{:?} is not one of {list}", excerpt(text)));
    if let Some(near) = near {
        mistake = mistake.label(format!("did you mean \"{near}\"?"));
    }
    value.bad(mistake);
    None
}

/// The word that was meant where it is none of several, if one is near.
pub(super) fn nearest_word<T: Copy>(value: Value<'_>, words: &[(&'static str, T)]) -> Option<T> {
    let near = super::walk::nearest(value.raw.get_ref().as_str()?, words.iter().map(|(word, _)| *word))?;
    words.iter().find(|(word, _)| *word == near).map(|(_, meant)| *meant)
}

/// An enum of words: the type, its `word()`, and how it is read.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The word in the configuration.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Every word with its meaning, in order.
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }

        impl $crate::config::value::Read for $name {
            fn expects() -> String {
                let all: Vec<String> = Self::WORDS.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                format!("one of {}", all.join(", "))
            }
            fn read(value: $crate::config::value::Value<'_>) -> Option<Self> {
                $crate::config::words::read_word(value, Self::WORDS)
            }
            fn show(&self) -> String {
                $crate::config::value::quoted(self.word())
            }
        }
    };
}
pub(super) use words;
