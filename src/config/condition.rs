//! A check's condition: its language is the domain's; here its mistakes get their place, and fields
//! that a kind of check does not read are refused.

use super::mistake::Mistake;
use super::table::Table;
use super::value::{Read, Value, quoted};
use crate::domain::check::CheckKind;
use crate::domain::condition::{Condition, Field};

impl Read for Condition {
    fn expects() -> String {
        "a condition such as \"latency < 300ms\"".to_owned()
    }

    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        match text.parse() {
            Ok(condition) => Some(condition),
            Err(error) => {
                let mut mistake = Mistake::error(value.inside(&error.span), error.message);
                if let Some(near) = error.nearest {
                    mistake = mistake.label(format!("did you mean `{near}`?"));
                }
                value.bad(mistake);
                None
            }
        }
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

/// Reports where a condition speaks of what its check does not read.
pub(super) fn judge(t: &Table<'_>, kind: CheckKind, condition: Option<&Condition>) {
    let known = Field::names_for(kind);
    let foreign = |field: &Field| !known.contains(&field.name());
    if condition.is_some_and(|condition| condition.mentions(foreign)) {
        let message = format!("a check of kind \"{}\" does not read all of this", kind.word());
        t.report(
            Mistake::error(t.span_of("condition"), message).label(format!("it reads {}", known.join(", "))),
        );
    }
}
