//! A recording: what the core was told, with the times, as lines of JSON. The first line is the
//! header, each further one `{"at": MILLISECONDS, "event": …}`.
//!
//! Only what was observed is in it: no key, no paste, no question and no answer, so that nothing a
//! person typed can be. Not here: playing it.

mod read;
mod unread;
mod write;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use read::{Reader, from_bytes, from_file};
pub use unread::{About, Losses, Unread};
pub use write::Recorder;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::time::Timestamp;
use crate::message::event::Event;

/// The format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// The longest line that is read, in bytes: many times the largest batch of log lines.
const LONGEST: u64 = 64 << 20;

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    midwatch_recording: u32,
}

/// What happened, and when by the clock of the console that recorded it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// The same, borrowed.
#[derive(Serialize)]
struct EntryRef<'a> {
    at: Timestamp,
    event: &'a Event,
}

/// Whether an event is part of a recording: what was observed, and the configuration.
pub const fn belongs(event: &Event) -> bool {
    matches!(event, Event::Setup(_) | Event::SetupRefused(_) | Event::Batch(_) | Event::Logs(_))
}

/// Why a recording cannot be written or read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file cannot be used.
    #[error("{} cannot be used", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not a recording.
    #[error("{name}, line 1: this is not a recording")]
    NotOne {
        /// What it is called.
        name: String,
    },
    /// It is of another format.
    #[error(
        "{name}, line 1: this recording has format {version}, and this midwatch reads {VERSION}; {} reads it",
        if *version > VERSION { "a newer one" } else { "an older one" }
    )]
    Version {
        /// What it is called.
        name: String,
        /// The format it says.
        version: u32,
    },
    /// It does not begin with the configuration.
    #[error("{name}, line 2: a recording begins with the configuration, and this does not")]
    NoSetup {
        /// What it is called.
        name: String,
    },
    /// A line is no event; what follows can still be read.
    #[error("{name}, line {}: {}", .unread.line, .unread.why)]
    Line {
        /// What it is called.
        name: String,
        /// The line.
        unread: Box<Unread>,
    },
}

impl RecordingError {
    /// For the screen.
    pub fn into_failure(self, what: &str) -> Failure {
        let why = Failure::chain(&self);
        Failure { why, ..Failure::new(FailureKind::Invalid, what, "") }
    }
}
