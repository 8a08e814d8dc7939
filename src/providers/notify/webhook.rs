//! The JSON that a webhook of anybody's own gets. Its fields are described in `docs/deploying.md`; one
//! is never taken away or given another meaning.

use serde_json::{Value, json};

use crate::domain::notice::Notice;

/// All that is known.
pub(super) fn body(notice: &Notice) -> Value {
    json!({
        "event": notice.occasion.word(),
        "app": notice.app,
        "environment": notice.environment,
        "run": notice.run,
        "operation": notice.operation.word(),
        "title": notice.title,
        "outcome": notice.outcome.map(crate::domain::run::Outcome::word),
        "reason": notice.reason,
        "by": notice.by.to_string(),
        "at": notice.at.rfc3339(),
        "servers": notice.servers,
    })
}
