//! Something wrong, with its cause and what it affects.

use serde::{Deserialize, Serialize};

use super::health::Health;
use super::ids::{AppId, CheckId, ContainerKey, DatastoreId, ProblemId, ServerId};
use super::time::Timestamp;

/// What a problem, a page or an action is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A server.
    Server(ServerId),
    /// An app.
    App(AppId),
    /// A container.
    Container(ContainerKey),
    /// A check.
    Check(CheckId),
    /// A datastore.
    Datastore(DatastoreId),
}

/// One problem. Thirty alarms with one cause are one problem that affects thirty targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable over observations.
    pub id: ProblemId,
    /// What is wrong.
    pub target: Target,
    /// Why, in one line, clean.
    pub cause: String,
    /// Since when (the console's clock, when it was first seen).
    pub since: Timestamp,
    /// How bad; never [`Health::Up`].
    pub severity: Health,
    /// What else does not work for it.
    pub affects: Vec<Target>,
}
