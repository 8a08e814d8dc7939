//! What may be compared with what, as far as the text alone tells.

use super::expr::{Comparison, Operand};
use super::field::Field;
use super::literal::Literal;

/// The kinds of value; what comes out of JSON may be any.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Duration,
    Bytes,
    Percent,
    Text,
    Bool,
    /// The value of a PromQL expression: a number in base units.
    Base,
    Any,
}

fn kind(operand: &Operand) -> Kind {
    match operand {
        Operand::Field(field) => match field {
            Field::Status | Field::CertDaysLeft | Field::Exit => Kind::Number,
            Field::Latency => Kind::Duration,
            Field::Body | Field::Header(_) | Field::Output => Kind::Text,
            Field::Value => Kind::Base,
            Field::Json(_) => Kind::Any,
        },
        Operand::Literal(literal) => match literal {
            Literal::Number(_) => Kind::Number,
            Literal::Duration(_) => Kind::Duration,
            Literal::Bytes(_) => Kind::Bytes,
            Literal::Percent(_) => Kind::Percent,
            Literal::Text(_) => Kind::Text,
            Literal::Bool(_) => Kind::Bool,
        },
    }
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Base => "a number",
        Kind::Duration => "a duration such as 300ms",
        Kind::Bytes => "a size such as 10MB",
        Kind::Percent => "a percentage such as 80%",
        Kind::Text => "text such as \"ok\"",
        Kind::Bool => "true or false",
        Kind::Any => "a value",
    }
}

fn fit(a: Kind, b: Kind) -> bool {
    use Kind::{Any, Base, Bool, Bytes, Number, Percent, Text};
    match (a, b) {
        (Any, _) | (_, Any) | (Number, Percent | Bytes) | (Percent | Bytes, Number) => true,
        (Base, other) | (other, Base) => !matches!(other, Text | Bool),
        (a, b) => a == b,
    }
}

/// Whether an operand may stand alone.
pub(super) fn can_hold(operand: &Operand) -> Result<(), String> {
    match kind(operand) {
        Kind::Bool | Kind::Any => Ok(()),
        other => Err(format!("{operand} is {}, not true or false: compare it with something", short(other))),
    }
}

/// Whether an operand may be matched by a pattern.
pub(super) fn can_match(operand: &Operand) -> Result<(), String> {
    match kind(operand) {
        Kind::Text | Kind::Any => Ok(()),
        other => Err(format!("a pattern matches text, and {operand} is {}", short(other))),
    }
}

/// Whether two operands may be compared so.
pub(super) fn can_compare(left: &Operand, comparison: Comparison, right: &Operand) -> Result<(), String> {
    if let (Operand::Literal(_), Operand::Literal(_)) = (left, right) {
        return Err("this compares two fixed values; one side should be a field".to_owned());
    }
    let (a, b) = (kind(left), kind(right));
    let ordered = matches!(
        comparison,
        Comparison::Less | Comparison::AtMost | Comparison::Greater | Comparison::AtLeast
    );
    if comparison == Comparison::Contains {
        return match (a, b) {
            (Kind::Any, _) | (Kind::Text, Kind::Text | Kind::Any) => Ok(()),
            (Kind::Text, _) => {
                Err(format!("{left} is text and contains text: write the right side in quotes"))
            }
            (other, _) => Err(format!("{left} is {}, which contains nothing", short(other))),
        };
    }
    if ordered && (matches!(a, Kind::Text | Kind::Bool) || matches!(b, Kind::Text | Kind::Bool)) {
        return Err(format!("{} compares quantities, not text", comparison.sign()));
    }
    if fit(a, b) {
        return Ok(());
    }
    let (field, wanted, given) = match left {
        Operand::Field(_) => (left, a, right),
        Operand::Literal(_) => (right, b, left),
    };
    Err(format!("{field} is compared with {}, and {given} is {}", name(wanted), given_kind(given)))
}

fn given_kind(operand: &Operand) -> &'static str {
    match operand {
        Operand::Literal(literal) => literal.kind(),
        Operand::Field(_) => short(kind(operand)),
    }
}

fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Base => "a number",
        Kind::Duration => "a duration",
        Kind::Bytes => "a size",
        Kind::Percent => "a percentage",
        Kind::Text => "text",
        Kind::Bool => "true or false",
        Kind::Any => "a value",
    }
}
