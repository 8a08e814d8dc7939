//! Literals, and the units that they are written in.

use std::fmt::{self, Write};
use std::time::Duration;

/// A value written in a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A bare number; always finite.
    Number(f64),
    /// A span of time (`300ms`).
    Duration(Duration),
    /// A number of bytes (`10MB`).
    Bytes(u64),
    /// Hundredths (`80%`); always finite.
    Percent(f64),
    /// Text in double quotes.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
}

/// Units of time and their nanoseconds, largest first.
const TIME: &[(&str, u64)] = &[
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1000),
    ("ns", 1),
];

/// Units of size and their bytes; the SI ones are powers of 1000, those of IEC 80000-13 of 1024.
const SIZE: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

/// Every unit, for messages.
pub(super) fn units() -> impl Iterator<Item = &'static str> {
    TIME.iter().chain(SIZE).map(|(name, _)| *name).chain(["%"])
}

/// A number with its unit; `None` where the unit is not one, or the value does not fit.
pub(super) fn quantity(digits: &str, unit: &str) -> Option<Literal> {
    match unit {
        "" => finite(digits).map(Literal::Number),
        "%" => finite(digits).map(Literal::Percent),
        "KB" => scaled(digits, 1000).map(Literal::Bytes),
        "µs" => scaled(digits, 1000).map(Duration::from_nanos).map(Literal::Duration),
        _ => {
            let find = |table: &[(&str, u64)]| table.iter().find(|(name, _)| *name == unit).map(|(_, n)| *n);
            match (find(TIME), find(SIZE)) {
                (Some(nanos), _) => scaled(digits, nanos).map(Duration::from_nanos).map(Literal::Duration),
                (_, Some(bytes)) => scaled(digits, bytes).map(Literal::Bytes),
                _ => None,
            }
        }
    }
}

fn finite(digits: &str) -> Option<f64> {
    digits.parse().ok().filter(|n: &f64| n.is_finite())
}

/// Exact for whole numbers, rounded to the unit for fractions.
fn scaled(digits: &str, factor: u64) -> Option<u64> {
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value = finite(digits)? * factor as f64;
    (value >= 0.0 && value < u64::MAX as f64).then(|| value.round() as u64)
}

impl Literal {
    /// The kind, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Duration(_) => "a duration",
            Self::Bytes(_) => "a size",
            Self::Percent(_) => "a percentage",
            Self::Text(_) => "text",
            Self::Bool(_) => "true or false",
        }
    }
}

fn in_units(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    let (name, factor) = units
        .iter()
        .filter(|(_, factor)| value.is_multiple_of(*factor) && (value > 0 || *factor == 1))
        .max_by_key(|(_, factor)| *factor)
        .copied()
        .unwrap_or(("", 1));
    write!(f, "{}{name}", value / factor)
}

/// Text in the quotes and escapes of the language.
pub(super) fn quoted(f: &mut impl Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            c if crate::domain::text::is_hostile(c) => write!(f, "\\u{{{:x}}}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Percent(n) => write!(f, "{n}%"),
            Self::Duration(span) => match u64::try_from(span.as_nanos()) {
                Ok(nanos) => in_units(f, nanos, TIME),
                Err(_) => write!(f, "{}s", span.as_secs()),
            },
            Self::Bytes(n) => in_units(f, *n, SIZE),
            Self::Text(text) => quoted(f, text),
            Self::Bool(b) => write!(f, "{b}"),
        }
    }
}
