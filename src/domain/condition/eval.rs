//! Judging a condition: true, false with a reason, or unknown with what was missing.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use super::expr::{Comparison, Expr, Operand, Pattern};
use super::field::Field;
use super::literal::Literal;
use super::reason;

/// A value that a check read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Number(f64),
    /// A span of time.
    Duration(Duration),
    /// A number of bytes.
    Bytes(u64),
    /// Hundredths.
    Percent(f64),
    /// Text; hostile until it went through `domain::text::clean`.
    Text(Cow<'a, str>),
    /// True or false.
    Bool(bool),
    /// Null, a list or an object of JSON.
    Json(&'a serde_json::Value),
}

impl<'a> Value<'a> {
    /// A JSON value; numbers, text and booleans become their own kinds.
    pub fn of_json(json: &'a serde_json::Value) -> Self {
        match json {
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => n.as_f64().map_or(Self::Json(json), Self::Number),
            serde_json::Value::String(text) => Self::Text(Cow::Borrowed(text)),
            _ => Self::Json(json),
        }
    }
}

/// What a look at a field gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<'a> {
    /// Its value.
    Value(Value<'a>),
    /// The answer came, and does not have it.
    Absent,
    /// Nobody knows: it was not, or not wholly, read, for this reason.
    Unread(String),
}

/// Where a condition gets its fields from.
pub trait Facts {
    /// Looks at a field.
    fn look(&self, field: &Field) -> Lookup<'_>;
}

/// Why something could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// The answer does not have the field, or has another kind of value there: the other side does
    /// not say what was expected of it.
    Absent,
    /// It was not read: nothing is said about the other side.
    Unread,
}

/// The operand that kept a condition from being judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The operand, as it is written.
    pub operand: String,
    /// Whose fault it is.
    pub kind: GapKind,
    /// What a reader is told: `json.state is not in the answer`.
    pub reason: String,
}

/// Three-valued (Kleene): what is unknown stays unknown, unless the rest decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not, for this reason: `latency 412 ms is not < 300 ms`.
    False(String),
    /// It cannot be judged.
    Unknown(Gap),
}

pub(super) fn judge(expr: &Expr, facts: &dyn Facts) -> Truth {
    match expr {
        Expr::All(parts) => all(parts.iter().map(|part| judge(part, facts))),
        Expr::Any(parts) => any(parts.iter().map(|part| judge(part, facts))),
        Expr::Not(part) => match judge(part, facts) {
            Truth::True => Truth::False(format!("{part} holds, and should not")),
            Truth::False(_) => Truth::True,
            unknown @ Truth::Unknown(_) => unknown,
        },
        Expr::Compare(left, comparison, right) => compared(left, *comparison, right, facts),
        Expr::Matches(operand, pattern) => matched(operand, pattern, facts),
        Expr::Holds(operand) => held(operand, facts),
    }
}

fn all(parts: impl Iterator<Item = Truth>) -> Truth {
    let (mut reasons, mut gap) = (Vec::new(), None);
    for part in parts {
        match part {
            Truth::True => {}
            Truth::False(reason) => reasons.push(reason),
            Truth::Unknown(found) => gap = gap.or(Some(found)),
        }
    }
    match (reasons.is_empty(), gap) {
        (false, _) => Truth::False(reason::joined(&reasons, "; ")),
        (true, Some(gap)) => Truth::Unknown(gap),
        (true, None) => Truth::True,
    }
}

fn any(parts: impl Iterator<Item = Truth>) -> Truth {
    let (mut reasons, mut gap) = (Vec::new(), None);
    for part in parts {
        match part {
            Truth::True => return Truth::True,
            Truth::False(reason) => reasons.push(reason),
            Truth::Unknown(found) => gap = gap.or(Some(found)),
        }
    }
    gap.map_or_else(|| Truth::False(reason::joined(&reasons, ", and ")), Truth::Unknown)
}

fn read<'a>(operand: &'a Operand, facts: &'a dyn Facts) -> Result<Value<'a>, Gap> {
    let field = match operand {
        Operand::Field(field) => field,
        Operand::Literal(literal) => return Ok(fixed(literal)),
    };
    let gap = |kind, reason| Gap { operand: field.to_string(), kind, reason };
    match facts.look(field) {
        Lookup::Value(value) => Ok(value),
        Lookup::Absent => Err(gap(GapKind::Absent, format!("{field} is not in the answer"))),
        Lookup::Unread(why) => Err(gap(GapKind::Unread, format!("{field} was not read: {why}"))),
    }
}

fn fixed(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Number(n) => Value::Number(*n),
        Literal::Duration(span) => Value::Duration(*span),
        Literal::Bytes(n) => Value::Bytes(*n),
        Literal::Percent(n) => Value::Percent(*n),
        Literal::Text(text) => Value::Text(Cow::Borrowed(text)),
        Literal::Bool(b) => Value::Bool(*b),
    }
}

fn misfit(operand: &Operand, value: &Value<'_>, wanted: &str) -> Truth {
    let reason = format!("{operand} is {}, not {wanted}", reason::shown(value));
    Truth::Unknown(Gap { operand: operand.to_string(), kind: GapKind::Absent, reason })
}

fn compared(left: &Operand, comparison: Comparison, right: &Operand, facts: &dyn Facts) -> Truth {
    let (a, b) = match (read(left, facts), read(right, facts)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(gap), _) | (_, Err(gap)) => return Truth::Unknown(gap),
    };
    let seconds = [left, right].iter().any(|operand| matches!(operand, Operand::Field(Field::Value)));
    let holds = match comparison {
        Comparison::Contains => match contains(&a, &b) {
            Some(found) => found,
            None => return misfit(left, &a, "text or a list"),
        },
        // Values of different kinds are never equal; only an order between them makes no sense.
        Comparison::Equal => order(&a, &b, seconds).is_some_and(Ordering::is_eq),
        Comparison::NotEqual => !order(&a, &b, seconds).is_some_and(Ordering::is_eq),
        ordered => {
            let quantity =
                |value: &Value<'_>| !matches!(value, Value::Text(_) | Value::Bool(_) | Value::Json(_));
            match order(&a, &b, seconds).filter(|_| quantity(&a)) {
                Some(order) => match ordered {
                    Comparison::Less => order.is_lt(),
                    Comparison::AtMost => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    _ => order.is_ge(),
                },
                None if matches!(left, Operand::Field(_)) => {
                    return misfit(left, &a, &format!("comparable with {}", reason::shown(&b)));
                }
                None => return misfit(right, &b, &format!("comparable with {}", reason::shown(&a))),
            }
        }
    };
    if holds { Truth::True } else { Truth::False(reason::comparison(left, &a, comparison, right, &b)) }
}

/// The order of two values of fitting kinds; for what has no order, equal or `None`.
fn order(a: &Value<'_>, b: &Value<'_>, seconds: bool) -> Option<Ordering> {
    match (a, b) {
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Json(a), Value::Json(b)) => (a == b).then_some(Ordering::Equal),
        _ => {
            let number = |value: &Value<'_>| match value {
                Value::Number(n) | Value::Percent(n) => Some(*n),
                Value::Bytes(n) => Some(*n as f64),
                Value::Duration(span) if seconds => Some(span.as_secs_f64()),
                _ => None,
            };
            number(a)?.partial_cmp(&number(b)?)
        }
    }
}

fn contains(whole: &Value<'_>, part: &Value<'_>) -> Option<bool> {
    match (whole, part) {
        (Value::Text(whole), Value::Text(part)) => Some(whole.contains(part.as_ref())),
        (Value::Json(serde_json::Value::Array(all)), part) => {
            Some(all.iter().any(|one| order(&Value::of_json(one), part, false).is_some_and(Ordering::is_eq)))
        }
        (Value::Json(serde_json::Value::Object(all)), Value::Text(key)) => {
            Some(all.contains_key(key.as_ref()))
        }
        _ => None,
    }
}

fn matched(operand: &Operand, pattern: &Pattern, facts: &dyn Facts) -> Truth {
    match read(operand, facts) {
        Ok(Value::Text(text)) if pattern.matches(&text) => Truth::True,
        Ok(Value::Text(text)) => Truth::False(reason::pattern(operand, &text, pattern)),
        Ok(other) => misfit(operand, &other, "text"),
        Err(gap) => Truth::Unknown(gap),
    }
}

fn held(operand: &Operand, facts: &dyn Facts) -> Truth {
    match read(operand, facts) {
        Ok(Value::Bool(true)) => Truth::True,
        Ok(Value::Bool(false)) => Truth::False(format!("{operand} is false")),
        Ok(other) => misfit(operand, &other, "true or false"),
        Err(gap) => Truth::Unknown(gap),
    }
}

/// Walks a path into a JSON value.
pub fn json_path<'a>(json: &'a serde_json::Value, path: &[super::field::Segment]) -> Lookup<'a> {
    let found = path.iter().try_fold(json, |value, segment| match segment {
        super::field::Segment::Key(key) => value.get(key),
        super::field::Segment::Index(n) => value.get(usize::try_from(*n).ok()?),
    });
    found.map_or(Lookup::Absent, |json| Lookup::Value(Value::of_json(json)))
}
