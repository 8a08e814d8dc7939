//! What can be told from the text of one log line alone: its level, its time, its fields, whether it
//! goes on with the record before it, and its harmless form.
//!
//! Lives here: pure functions of text, safe on garbage. Not here: where lines come from or are kept.

pub mod access;
pub mod continuation;
pub mod fields;
mod json_fields;
pub mod level;
pub mod tidy;
pub mod time;
