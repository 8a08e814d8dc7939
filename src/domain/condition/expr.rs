//! A condition as a tree, and how it is printed.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::field::Field;
use super::literal::{Literal, quoted};

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// Text within text, or an element of a list.
    Contains,
}

impl Comparison {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Contains => "contains",
        }
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// What a check read.
    Field(Field),
    /// A fixed value.
    Literal(Literal),
}

/// A regular expression that compiled.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// The most memory that one compiled pattern may take, in bytes.
const PATTERN_SIZE: usize = 256 * 1024;

impl Pattern {
    /// Compiles it, within a bound.
    pub(super) fn new(source: &str) -> Result<Self, regex::Error> {
        RegexBuilder::new(source).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build().map(Self)
    }

    /// Whether it matches anywhere in the text.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

/// A condition, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// One of several, at least two.
    Any(Vec<Expr>),
    /// All of several, at least two.
    All(Vec<Expr>),
    /// Not so.
    Not(Box<Expr>),
    /// Two operands compared.
    Compare(Operand, Comparison, Operand),
    /// An operand's text against a pattern.
    Matches(Operand, Pattern),
    /// An operand that must be true.
    Holds(Operand),
}

impl Expr {
    pub(super) fn any_field(&self, test: &impl Fn(&Field) -> bool) -> bool {
        let of = |operand: &Operand| matches!(operand, Operand::Field(field) if test(field));
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().any(|part| part.any_field(test)),
            Self::Not(part) => part.any_field(test),
            Self::Compare(left, _, right) => of(left) || of(right),
            Self::Matches(operand, _) | Self::Holds(operand) => of(operand),
        }
    }

    fn fmt_list(
        f: &mut fmt::Formatter<'_>,
        parts: &[Self],
        sign: &str,
        wrap: fn(&Self) -> bool,
    ) -> fmt::Result {
        for (n, part) in parts.iter().enumerate() {
            if n > 0 {
                write!(f, " {sign} ")?;
            }
            if wrap(part) {
                write!(f, "({part})")?;
            } else {
                write!(f, "{part}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => field.fmt(f),
            Self::Literal(literal) => literal.fmt(f),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(parts) => Self::fmt_list(f, parts, "||", |part| matches!(part, Self::Any(_))),
            Self::All(parts) => {
                Self::fmt_list(f, parts, "&&", |part| matches!(part, Self::Any(_) | Self::All(_)))
            }
            Self::Not(part) => match **part {
                Self::Not(_) | Self::Holds(_) => write!(f, "!{part}"),
                _ => write!(f, "!({part})"),
            },
            Self::Compare(left, comparison, right) => write!(f, "{left} {} {right}", comparison.sign()),
            Self::Matches(operand, pattern) => {
                write!(f, "{operand} matches ")?;
                quoted(f, pattern.source())
            }
            Self::Holds(operand) => operand.fmt(f),
        }
    }
}
