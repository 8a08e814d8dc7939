//! Whether an app is in maintenance, in `status --json`.

use serde::Serialize;

use crate::domain::app::Maintained;
use crate::domain::ids::ServerId;

/// What visitors of an app get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Maintenance {
    state: &'static str,
    since: Option<String>,
    by: Option<String>,
    reason: Option<String>,
    retry_after_s: Option<u64>,
    servers: Vec<String>,
    unknown: Vec<String>,
}

impl Maintenance {
    pub(super) fn of(it: &Maintained) -> Self {
        let mark = it.mark();
        let names = |some: &[ServerId]| some.iter().map(ToString::to_string).collect();
        let (state, servers, unknown): (_, Vec<String>, &[(ServerId, String)]) = match it {
            Maintained::No => ("off", Vec::new(), &[]),
            Maintained::Yes { on, unknown, .. } => ("on", names(on), unknown),
            Maintained::Unknown(unknown) => ("unknown", Vec::new(), unknown),
        };
        Self {
            state,
            since: mark.map(|it| it.since.rfc3339()),
            by: mark.map(|it| it.by.clone()),
            reason: mark.and_then(|it| it.notice.reason.clone()),
            retry_after_s: mark.map(|it| it.notice.retry_after).filter(|seconds| *seconds > 0),
            servers,
            unknown: unknown.iter().map(|(server, _)| server.to_string()).collect(),
        }
    }
}
