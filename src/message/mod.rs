//! The core's input and output as values: events in, effects out, and the inbox between the tasks
//! that observe and the loop that shows.
//!
//! Lives here: `Event`, `Effect`, `Batch`, the bounded inbox. Not here: carrying anything out.

pub mod batch;
pub mod change;
pub mod effect;
pub mod event;
pub mod inbox;
pub mod log_batch;
pub mod publish;
