//! Work that the core asks of the runtime. Carries ids, never indexes.

use crate::domain::ids::{RequestId, ServerId};
use crate::domain::question::Answer;

/// One piece of work.
#[derive(Clone, Debug)]
pub enum Effect {
    /// End the console.
    Quit,
    /// Answer a task's question.
    Answer(RequestId, Answer),
    /// Try a server again now, whatever its backoff says.
    Reconnect(ServerId),
    /// Which servers someone looks at; the collectors of the others slow down.
    Watch(Vec<ServerId>),
    /// Put text on the operator's clipboard (OSC 52).
    Copy(String),
}
