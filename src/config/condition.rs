//! A condition (`status == 200 && latency < 300ms`) as text with its place. What it means is said
//! by the room that judges checks; its parser is asked through the hooks.

use super::mistake::{Mistake, Span};
use super::table::Table;
use super::value::{Read, Value, quoted};
use crate::domain::check::CheckKind;

/// A condition's text.
#[derive(Clone, Debug, Eq)]
pub struct Condition {
    /// The text.
    pub text: String,
    /// Where it stands in the configuration, without its quotes where they could be told apart.
    pub span: Span,
}

/// Two conditions are equal when they say the same, wherever they stand: moving lines about is no
/// change to a check.
impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Read for Condition {
    fn expects() -> String {
        "a condition such as \"latency < 300ms\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        let span = value.inside(&(0..text.len()));
        Some(Self { text, span })
    }
    fn show(&self) -> String {
        quoted(&self.text)
    }
}

/// Has the condition at `key`, where there is one, judged.
pub(super) fn judge(t: &Table<'_>, key: &str, kind: CheckKind, condition: Option<&Condition>) {
    let (Some(condition), Some(value)) = (condition, t.value(key)) else { return };
    if let Err(mistake) = t.walk().hooks.condition(kind, &condition.text) {
        t.report(Mistake::error(value.inside(&mistake.span), mistake.message).maybe_help(mistake.help));
    }
}
