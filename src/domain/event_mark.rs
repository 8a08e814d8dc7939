//! What happened, for the time axis of a chart.

use serde::{Deserialize, Serialize};

use super::ids::ServerId;
use super::time::Timestamp;

/// The kinds of mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A container of an app runs another image than before.
    Deploy,
    /// A container started again.
    Restart,
    /// A container or process was killed for memory.
    OutOfMemory,
    /// A server booted.
    Boot,
    /// A connection was lost or came back.
    Link,
}

/// Something that happened at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMark {
    /// When (the console's clock).
    pub at: Timestamp,
    /// Where.
    pub server: ServerId,
    /// What kind.
    pub kind: MarkKind,
    /// What, for a reader: `shop-web-1 restarted (exit 137)`.
    pub text: String,
}
