//! Logs that someone follows or asks for: containers, the journal, files. Each follower keeps its
//! place, so that after a lost connection no line is missing and none comes twice.
//!
//! Lives here: reading, cutting into lines, handing over in chunks. Not here: holding lines (store),
//! or deciding which logs are followed.

mod calendar;
mod container;
mod file;
mod file_script;
mod journal;
mod journal_entry;
mod lines;
mod sink;
pub mod time_of_line;

use std::sync::Arc;

use async_trait::async_trait;

use self::container::ContainerLog;
use self::file::FileLog;
use self::journal::JournalLog;
pub use self::sink::Sink;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::log_source::LogStream;
use crate::domain::time::Timestamp;
use crate::transports::Transport;

/// Which part of a log is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogRange {
    /// At most this many of the last lines, one at least (it tells the place); all that `since` and `until` leave where it is `None`.
    pub tail: Option<u32>,
    /// Not before this (the server's clock).
    pub since: Option<Timestamp>,
    /// Not after this (the server's clock).
    pub until: Option<Timestamp>,
    /// Whether to go on with what is written from now on; `until` is then not looked at.
    pub follow: bool,
}

impl LogRange {
    /// The last lines, and then whatever comes.
    pub const fn follow(tail: u32) -> Self {
        Self { tail: Some(tail), since: None, until: None, follow: true }
    }

    /// What was written since then, up to now.
    pub const fn since(since: Timestamp) -> Self {
        Self { tail: None, since: Some(since), until: None, follow: false }
    }

    /// Whether a line of that time is wanted.
    fn has(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at >= since)
            && (self.follow || self.until.is_none_or(|until| at <= until))
    }
}

/// How a log is read on a server: what the configuration says beside the log itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogAccess {
    /// The container engine's socket.
    pub docker: Option<String>,
    /// Whether journal and files are read by `sudo -n`.
    pub sudo: bool,
}

/// One log with its place in it. The place outlives a connection.
#[async_trait]
pub(super) trait Log: Send {
    /// Reads on from the place over this connection. It returns when the range is read to its end,
    /// or fails; a following one only fails.
    async fn read(&mut self, transport: &Arc<dyn Transport>, sink: &mut Sink) -> Result<(), Failure>;
}

/// The log of a stream, at the start of its range.
pub(super) fn log(
    server: &ServerId,
    stream: &LogStream,
    access: &LogAccess,
    range: LogRange,
) -> Box<dyn Log> {
    let what = format!("read the log of {} on {server}", stream.label());
    match stream {
        LogStream::Container { name } => {
            Box::new(ContainerLog::new(what, name.clone(), access.docker.clone(), range))
        }
        LogStream::Journal { unit } => {
            Box::new(JournalLog::new(what, unit.as_ref().map(ToString::to_string), access.sudo, range))
        }
        LogStream::File { path } => Box::new(FileLog::new(what, path.clone(), access.sudo, range)),
    }
}
