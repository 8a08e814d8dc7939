//! The record of runs and of every command that was sent: a file of lines, each with the hash of the
//! one before, only ever appended to.
//!
//! It is JSON Lines, readable without midwatch. Several consoles append to the same file: each holds
//! its lock while it reads the last hash and writes the next lines, and has them on the disk before
//! what they announce is done.

mod checked;
mod drills;
mod entry;
mod file;
mod restores;
mod verify;

pub use checked::checked;
pub use drills::drills;
pub use entry::{Entry, Written};
pub use file::{Journal, JournalError};
pub use restores::last_restore;
pub use verify::{Verified, Wrong, verify};
