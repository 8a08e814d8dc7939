//! What a plan makes different, for the reader.

use serde::{Deserialize, Serialize};

use crate::domain::ids::ServerId;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where; `None` for everywhere.
    pub server: Option<ServerId>,
    /// What, as a path: `web.image`, `web.environment.MODE`, `worker`.
    pub what: String,
    /// What it was; `None` where it was not there. Never a secret.
    pub from: Option<String>,
    /// What it will be; `None` where it goes.
    pub to: Option<String>,
}
