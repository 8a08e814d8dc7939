//! Why a condition does not hold, in words.

use std::time::Duration;

use super::eval::Value;
use super::expr::{Comparison, Operand, Pattern};
use super::field::Field;
use super::literal::Literal;
use crate::domain::quantity::Bytes;
use crate::domain::text::{clean, shorten};

/// The longest piece of an answer that a reason quotes, in characters.
const QUOTED: usize = 60;
/// How many reasons are told before the rest is counted.
const TOLD: usize = 3;

/// A value for a reader: clean, short, with its unit.
pub(super) fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Number(n) => number(*n),
        Value::Percent(n) => format!("{}%", number(*n)),
        Value::Bytes(n) => Bytes(*n).to_string(),
        Value::Duration(span) => span_words(*span),
        Value::Text(text) => format!("\"{}\"", short(text)),
        Value::Bool(b) => b.to_string(),
        Value::Json(serde_json::Value::Null) => "null".to_owned(),
        Value::Json(serde_json::Value::Array(all)) => format!("a list of {}", all.len()),
        Value::Json(serde_json::Value::Object(_)) => "an object".to_owned(),
        Value::Json(other) => short(&other.to_string()),
    }
}

/// A span to at most three decimals, in the unit that suits it.
pub(super) fn span_words(span: Duration) -> String {
    match span.as_millis() {
        0 => format!("{} ms", number(span.as_secs_f64() * 1000.0)),
        ms @ 1..10_000 => format!("{ms} ms"),
        10_000..600_000 => format!("{} s", span.as_secs()),
        600_000..7_200_000 => format!("{} min", span.as_secs() / 60),
        7_200_000..172_800_000 => format!("{} h", span.as_secs() / 3600),
        _ => format!("{} d", span.as_secs() / 86_400),
    }
}

fn number(n: f64) -> String {
    let rounded = (n * 1000.0).round() / 1000.0;
    if rounded.is_finite() { rounded.to_string() } else { n.to_string() }
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(QUOTED + 1).collect();
    shorten(&clean(&cut), QUOTED).into_owned()
}

/// A field with its value; a body is never quoted.
fn subject(operand: &Operand, value: &Value<'_>) -> String {
    match operand {
        Operand::Field(field) => format!("{field} {}", shown(value)),
        Operand::Literal(_) => shown(value),
    }
}

fn is_long(operand: &Operand) -> bool {
    matches!(operand, Operand::Field(Field::Body))
}

/// Why a comparison is false.
pub(super) fn comparison(
    left: &Operand,
    a: &Value<'_>,
    comparison: Comparison,
    right: &Operand,
    b: &Value<'_>,
) -> String {
    let other = match right {
        Operand::Field(_) => subject(right, b),
        Operand::Literal(Literal::Duration(span)) => span_words(*span),
        Operand::Literal(_) => shown(b),
    };
    match comparison {
        Comparison::Contains => format!("{left} does not contain {other}"),
        Comparison::Equal | Comparison::NotEqual if is_long(left) => {
            format!("{left} is {}{other}", if comparison == Comparison::Equal { "not " } else { "" })
        }
        Comparison::Equal => format!("{left} is {}, not {other}", shown(a)),
        Comparison::NotEqual => format!("{left} is {}", shown(a)),
        ordered => format!("{} is not {} {other}", subject(left, a), ordered.sign()),
    }
}

/// Why a pattern does not match.
pub(super) fn pattern(operand: &Operand, text: &str, pattern: &Pattern) -> String {
    let source = short(pattern.source());
    if is_long(operand) {
        format!("{operand} does not match /{source}/")
    } else {
        format!("{operand} \"{}\" does not match /{source}/", short(text))
    }
}

/// The first few reasons, and how many more there are.
pub(super) fn joined(reasons: &[String], between: &str) -> String {
    let told = reasons.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(between);
    match reasons.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} (and {more} more)"),
    }
}
