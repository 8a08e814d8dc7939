//! Who changes an app: what the lock on each of its servers says.

use serde::{Deserialize, Serialize};

use crate::domain::run::{Operator, RunId};
use crate::domain::time::Timestamp;

/// What the lock's file holds: one line of JSON after a line with the run's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Which run.
    pub run: RunId,
    /// Whose.
    pub by: Operator,
    /// Since when, by the holder's clock.
    pub since: Timestamp,
    /// What for: the plan's title.
    pub what: String,
}
