//! One value under reading, and the plainest types that it is read as.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::mistake::{Mistake, Span};
use super::table::trim;
use super::walk::{Names, Walk};
use crate::domain::ids::{AppId, DatastoreId, EnvironmentId, RepositoryId, ServerId};

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

    /// Its number, where it is one.
    pub(super) fn number(&self) -> Option<f64> {
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
reference!(DatastoreId, Names::Datastores);
reference!(RepositoryId, Names::Repositories);
