//! One value under reading, and the types that a configuration is made of.

use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::mistake::{Mistake, Span, excerpt};
use super::table::trim;
use super::walk::{Names, Walk};
use super::{duration, size};
use crate::domain::ids::{AppId, EnvironmentId, ServerId};
use crate::domain::quantity::{Bytes, Percent};

/// A value with the pass it is read in.
#[derive(Clone, Copy)]
pub(super) struct Value<'w> {
    pub(super) walk: &'w Walk<'w>,
    pub(super) raw: &'w Spanned<DeValue<'w>>,
}

impl<'w> Value<'w> {
    /// Where it stands.
    pub(super) fn span(&self) -> Span {
        trim(self.walk.source, self.raw.span())
    }

    /// Reports that something else was expected.
    pub(super) fn wrong(&self, expected: &str) {
        let found = match self.raw.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.bad(Mistake::error(self.span(), format!("expected {expected}, found {found}")));
    }

    /// Reports a mistake.
    pub(super) fn bad(&self, mistake: Mistake) {
        self.walk.report(mistake);
    }

    /// Its text, reported where it is none.
    pub(super) fn text(&self, expected: &str) -> Option<&'w str> {
        if let DeValue::String(text) = self.raw.get_ref() {
            return Some(text);
        }
        self.wrong(expected);
        None
    }

    /// Its entries, itself alone where it is not a list.
    pub(super) fn entries(self) -> Vec<Self> {
        match self.raw.get_ref() {
            DeValue::Array(list) => list.iter().map(|raw| Self { raw, ..self }).collect(),
            _ => vec![self],
        }
    }

    /// The place in the source of a part of this string. Exact where the string is written without
    /// escapes on one line; otherwise the whole of it.
    pub(super) fn inside(&self, part: &Span) -> Span {
        let span = self.span();
        let (Some(written), DeValue::String(text)) = (self.walk.source.get(span.clone()), self.raw.get_ref())
        else {
            return span;
        };
        let quotes = (written.len().saturating_sub(text.len())) / 2;
        if written.get(quotes..quotes + text.len()) != Some(text) || text.get(part.clone()).is_none() {
            return span;
        }
        let start = span.start + quotes + part.start;
        start..(start + part.len().max(1)).min(span.end)
    }

    fn number(&self) -> Option<f64> {
        match self.raw.get_ref() {
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).ok().map(|n| n as f64)
            }
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self.raw.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        }
    }
}

/// A type that a value can be read as.
pub(super) trait Read: Sized {
    /// What is expected, as `expected …` says it.
    fn expects() -> String;
    /// Reads it; reports and gives nothing where it is not that.
    fn read(value: Value<'_>) -> Option<Self>;
    /// As TOML, for the documentation of defaults.
    fn show(&self) -> String;
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

impl Read for String {
    fn expects() -> String {
        "a string".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = value.text(&Self::expects())?;
        if text.is_empty() {
            value.bad(Mistake::error(value.span(), "an empty string means nothing here"));
            return None;
        }
        Some(text.to_owned())
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Read for bool {
    fn expects() -> String {
        "true or false".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        if let DeValue::Boolean(yes) = value.raw.get_ref() {
            return Some(*yes);
        }
        value.wrong(&Self::expects());
        None
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// A whole number within bounds, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<const MIN: i64, const MAX: i64>(pub(super) i64);

impl<const MIN: i64, const MAX: i64> Read for Whole<MIN, MAX> {
    fn expects() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }
    fn read(value: Value<'_>) -> Option<Self> {
        match value.integer() {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            Some(number) => {
                value.bad(
                    Mistake::error(value.span(), format!("{number} is out of bounds"))
                        .label(format!("expected {}", Self::expects())),
                );
                None
            }
            None => {
                value.wrong(&Self::expects());
                None
            }
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    pub(super) fn from_usize(number: usize) -> Self {
        Self(i64::try_from(number).unwrap_or(MAX))
    }

    pub(super) fn usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }
}

/// A TCP or UDP port.
pub(super) type Port = Whole<1, 65_535>;

impl Port {
    pub(super) const fn new(port: i64) -> Self {
        Self(port)
    }

    pub(super) fn get(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }
}

/// A count from one up.
pub(super) type Count = Whole<1, 1_000_000>;

impl Count {
    pub(super) const fn new(count: i64) -> Self {
        Self(count)
    }

    pub(super) fn get(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl Read for Percent {
    fn expects() -> String {
        "a percentage from 0 to 100".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let number = match value.raw.get_ref() {
            DeValue::String(text) => {
                text.trim_end().strip_suffix('%').and_then(|n| n.trim_end().parse().ok())
            }
            _ => value.number(),
        };
        match number {
            Some(number) if (0.0..=100.0).contains(&number) => Some(Self(number as f32)),
            Some(number) => {
                value.bad(
                    Mistake::error(value.span(), format!("{number} is out of bounds"))
                        .label(format!("expected {}", Self::expects())),
                );
                None
            }
            None => {
                value.wrong(&Self::expects());
                None
            }
        }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

impl Read for Duration {
    fn expects() -> String {
        "a duration such as \"30s\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        if let Some(number) = value.number() {
            value.bad(
                Mistake::error(value.span(), "a duration needs a unit")
                    .label(format!("did you mean \"{number}s\"?"))
                    .help("units are ms, s, m, h, d and w, as in \"500ms\", \"30s\" or \"1h30m\""),
            );
            return None;
        }
        let text = value.text(&Self::expects())?;
        match duration::parse(text) {
            Ok(duration) => Some(duration),
            Err(why) => {
                value.bad(
                    Mistake::error(value.span(), format!("this is not a duration: {why}"))
                        .help("units are ms, s, m, h, d and w, as in \"500ms\", \"30s\" or \"1h30m\""),
                );
                None
            }
        }
    }
    fn show(&self) -> String {
        quoted(&duration::show(*self))
    }
}

impl Read for Bytes {
    fn expects() -> String {
        "a size such as \"256MiB\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = value.text(&Self::expects())?;
        if let Some(bytes) = size::parse(text) {
            return Some(bytes);
        }
        value.bad(
            Mistake::error(value.span(), "this is not a size")
                .help("units are B, KiB, MiB, GiB and TiB, as in \"256MiB\""),
        );
        None
    }
    fn show(&self) -> String {
        quoted(&size::show(*self))
    }
}

impl Read for PathBuf {
    fn expects() -> String {
        "a path".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        String::read(value).map(|text| value.walk.path(&text))
    }
    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

/// One, or a list of them.
impl<T: Read> Read for Vec<T> {
    fn expects() -> String {
        format!("{}, or a list of them", T::expects())
    }
    fn read(value: Value<'_>) -> Option<Self> {
        value.entries().into_iter().map(T::read).collect()
    }
    fn show(&self) -> String {
        match self.as_slice() {
            [one] => one.show(),
            all => format!("[{}]", all.iter().map(T::show).collect::<Vec<_>>().join(", ")),
        }
    }
}

macro_rules! reference {
    ($type:ty, $names:expr) => {
        /// A name of another section's entry; whether that is there is asked at the end.
        impl Read for $type {
            fn expects() -> String {
                format!("the name of a [{}.NAME]", $names.section())
            }
            fn read(value: Value<'_>) -> Option<Self> {
                let text = String::read(value)?;
                value.walk.refer($names, &text, value.span());
                Some(Self::from(text))
            }
            fn show(&self) -> String {
                quoted(self.as_str())
            }
        }
    };
}

reference!(ServerId, Names::Servers);
reference!(EnvironmentId, Names::Environments);
reference!(AppId, Names::Apps);

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
                $crate::config::value::read_word(value, Self::WORDS)
            }
            fn show(&self) -> String {
                $crate::config::value::quoted(self.word())
            }
        }
    };
}
pub(super) use words;
