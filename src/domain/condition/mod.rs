//! The plain language in which a check says what it expects: `status == 200 && latency < 300ms`.
//!
//! Lives here: reading it, printing it, and judging it over what a check read. Not here: I/O, or what
//! a failed condition means for a check.
//!
//! Grammar, loosest first: `a || b`, `a && b`, `!a`, `(a)`, and a comparison of two operands by one of
//! `== != < <= > >= contains matches`; an operand alone must be true. An operand is a field
//! ([`Field::NAMES`]) or a literal: `200`, `-1.5`, `300ms`, `10MB` (powers of 1000) and `10MiB` (of
//! 1024), `80%`, `"text"` with `\" \\ \n \t \r \u{…}`, `true`, `false`.

mod error;
mod eval;
mod expr;
mod field;
mod kinds;
mod lexer;
mod literal;
mod parser;
mod reason;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::ConditionError;
pub use eval::{Facts, Gap, GapKind, Lookup, Truth, Value, json_path};
pub use expr::{Comparison, Expr, Operand, Pattern};
pub use field::{Field, Segment};
pub use literal::Literal;

/// The longest condition that is read, in bytes.
pub const MAX_LENGTH: usize = 4096;
/// How deep parentheses and `!` may be nested.
pub const MAX_DEPTH: usize = 32;

/// A condition that parsed; it prints as it reads back.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Expr);

impl Condition {
    /// Judges what was read.
    pub fn judge(&self, facts: &dyn Facts) -> Truth {
        eval::judge(&self.0, facts)
    }

    /// The expression.
    pub fn expr(&self) -> &Expr {
        &self.0
    }

    /// Whether a field that passes the test occurs anywhere, so that a check reads only what it needs.
    pub fn mentions(&self, test: impl Fn(&Field) -> bool) -> bool {
        self.0.any_field(&test)
    }
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        parser::parse(text).map(Self)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
