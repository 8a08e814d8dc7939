//! `kind = "prometheus"`: a PromQL expression, and what its value must be.

use crate::config::condition;
use crate::config::table::Table;
use crate::config::value::{Read, Value, quoted};
use crate::config::walk::Names;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;

/// A PromQL expression.
#[derive(Clone, Debug, PartialEq)]
pub struct PrometheusCheck {
    /// The `[prometheus.NAME]` that is asked.
    pub source: String,
    /// The expression.
    pub expression: String,
    /// What must hold for every series that comes back; no series at all is no answer.
    pub condition: Condition,
}

impl PrometheusCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let source = t.need::<Source>("source");
        let expression = t.need("expression");
        let condition: Option<Condition> = t.need("condition");
        condition::judge(t, CheckKind::Prometheus, condition.as_ref());
        Some(Self { source: source?.0, expression: expression?, condition: condition? })
    }
}

struct Source(String);

impl Read for Source {
    fn expects() -> String {
        "the name of a [prometheus.NAME]".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        value.walk.refer(Names::Prometheus, &text, value.span());
        Some(Self(text))
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}
