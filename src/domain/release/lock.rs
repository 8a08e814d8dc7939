//! Who changes an app: what the lock on each of its servers says.

use serde::{Deserialize, Serialize};

use crate::domain::run::{Operator, RunId};
use crate::domain::text::clean;
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

impl Holder {
    /// Who, since when and why, for the reader; it comes from a server.
    pub fn says(&self) -> String {
        let text = format!("{} since {}: {} (run {})", self.by, self.since.rfc3339(), self.what, self.run);
        clean(&text).into_owned()
    }
}

/// How the lock of an app stands on its servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockStand {
    /// Nobody holds it.
    Free,
    /// A run that some console carries out.
    Held(Holder),
    /// A run that no console carries out any more.
    Dead(Holder),
    /// Something that cannot be read; this is how it begins.
    Unreadable(String),
}
