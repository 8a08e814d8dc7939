//! A condition on a field of structured lines: `status>=500`, `request.path~^/api`, `user!=root`.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::pattern::PatternError;
use crate::domain::line::fields::field;

/// A condition as it was typed, taken apart. It passes only lines that have the field.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldCond {
    /// The field's name, nested ones joined with dots.
    pub field: String,
    /// How it is compared.
    pub op: FieldOp,
    /// What it is compared with.
    pub value: String,
}

/// How a field is compared: as numbers where both are numbers, else as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldOp {
    /// `=` or `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `~`, a regular expression.
    Matches,
    /// `!~`.
    MatchesNot,
}

impl FieldCond {
    /// Takes a condition apart; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        const OPS: &[(&str, FieldOp)] = &[
            (">=", FieldOp::GreaterOrEqual),
            ("<=", FieldOp::LessOrEqual),
            ("!=", FieldOp::NotEqual),
            ("!~", FieldOp::MatchesNot),
            ("==", FieldOp::Equal),
            ("=", FieldOp::Equal),
            (">", FieldOp::Greater),
            ("<", FieldOp::Less),
            ("~", FieldOp::Matches),
        ];
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | '/')))?;
        let (field, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let (value, op) = OPS.iter().find_map(|(sign, op)| Some((rest.strip_prefix(sign)?, *op)))?;
        let value = value.trim().trim_matches('"');
        (!field.is_empty()).then(|| Self { field: field.to_owned(), op, value: value.to_owned() })
    }

    /// Compiles it; fails where a regular expression is broken.
    pub fn compile(&self) -> Result<CompiledCond, PatternError> {
        let regex = match self.op {
            FieldOp::Matches | FieldOp::MatchesNot => {
                super::pattern::Pattern::regex(&self.value).compile()?;
                let flags = if self.value.chars().any(char::is_uppercase) { "" } else { "(?i)" };
                let build = Regex::new(&format!("{flags}{}", self.value));
                Some(build.map_err(|_| PatternError {
                    pattern: self.value.clone(),
                    why: "is no regular expression".to_owned(),
                })?)
            }
            _ => None,
        };
        let key = self.field.rsplit('.').next().unwrap_or(&self.field);
        Ok(CompiledCond {
            key: memchr::memmem::Finder::new(key.as_bytes()).into_owned(),
            number: self.value.parse().ok(),
            regex,
            cond: self.clone(),
        })
    }
}

/// A condition that is ready to run.
#[derive(Clone, Debug)]
pub struct CompiledCond {
    cond: FieldCond,
    number: Option<f64>,
    regex: Option<Regex>,
    /// The field's own name: a line without it need not be taken apart.
    pub(super) key: memchr::memmem::Finder<'static>,
}

impl CompiledCond {
    /// Whether a line has the field, and it is as the condition wants it.
    pub fn passes(&self, line: &str) -> bool {
        let Some(value) = field(line, &self.cond.field) else { return false };
        if let Some(regex) = &self.regex {
            return regex.is_match(&value) == (self.cond.op == FieldOp::Matches);
        }
        let numbers = self.number.zip(value.parse::<f64>().ok());
        let order = match numbers {
            Some((wanted, value)) => value.partial_cmp(&wanted),
            // A limit in numbers says nothing on text: `latency>300` does not pass `latency="slow"`.
            None if self.number.is_some() && !self.is_equality() => None,
            None => Some((*value).cmp(self.cond.value.as_str())),
        };
        let Some(order) = order else { return false };
        match self.cond.op {
            FieldOp::Equal => order.is_eq(),
            FieldOp::NotEqual => order.is_ne(),
            FieldOp::Less => order.is_lt(),
            FieldOp::LessOrEqual => order.is_le(),
            FieldOp::Greater => order.is_gt(),
            FieldOp::GreaterOrEqual => order.is_ge(),
            FieldOp::Matches | FieldOp::MatchesNot => false,
        }
    }

    fn is_equality(&self) -> bool {
        matches!(self.cond.op, FieldOp::Equal | FieldOp::NotEqual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(cond: &str, line: &str) -> bool {
        FieldCond::parse(cond).unwrap().compile().unwrap().passes(line)
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_text_as_text() {
        let line = r#"{"status":500,"took":"12.5","path":"/api/Cart","user":{"id":"root"}}"#;
        for cond in [
            "status>=500",
            "status = 500",
            "status==500.0",
            "took<13",
            "path~^/api",
            "user.id!=me",
            "path!~x",
        ] {
            assert!(passes(cond, line), "{cond}");
        }
        for cond in ["status>500", "path>300", "path~^/x", "user.id!=root", "missing!=1", "path=/api/cart"] {
            assert!(!passes(cond, line), "{cond}");
        }
    }

    #[test]
    fn what_is_no_condition_is_not_taken_for_one() {
        for text in ["error", "two words", ">=5", "", "a b=1"] {
            assert_eq!(FieldCond::parse(text), None, "{text}");
        }
        assert!(FieldCond::parse("a~(").unwrap().compile().is_err());
    }
}
