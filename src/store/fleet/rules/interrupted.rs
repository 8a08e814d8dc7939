//! A run that changes an app ended without a word: what stands is not known to be whole.

use crate::domain::health::Health;
use crate::domain::ids::AppId;
use crate::domain::problem::Target;
use crate::store::fleet::finding::{Finding, Kind};

/// The finding on one run of what has that name: an app or a datastore.
pub fn finding(app: &AppId, target: Target, run: &str, cause: String) -> Finding {
    Finding {
        id: format!("{app}:run:{run}").into(),
        kind: Kind::Run,
        target,
        server: None,
        project: None,
        project_servers: Vec::new(),
        check: None,
        cause,
        severity: Health::Degraded,
        affects: Vec::new(),
        begun: None,
    }
}
