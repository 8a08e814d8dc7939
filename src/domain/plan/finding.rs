//! What was looked at before a change, and what was found.

use serde::{Deserialize, Serialize};

use crate::domain::ids::ServerId;

/// How something that was looked at is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// As it should be.
    Good,
    /// Worth knowing; it does not stand in the way.
    Noted,
    /// It would stand in the way, but for the operator's reason.
    Overridden,
    /// It stands in the way.
    Refused,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check, by its stable name (`disk`, `registry`, `lock`).
    pub check: String,
    /// Where; `None` where it is not about one server.
    pub server: Option<ServerId>,
    /// How it is judged.
    pub judgement: Judgement,
    /// What was found.
    pub found: String,
    /// What mends it, in a line.
    pub remedy: Option<String>,
    /// Whether a typed reason is enough to go on; a plan that cannot work is not saved by one.
    pub may_override: bool,
}
