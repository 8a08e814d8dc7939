//! A repository of backups by what is said of it: who holds a lock there, and when it was last checked.

use serde::{Deserialize, Serialize};

use super::health::{Health, Verdict};
use super::quantity::Bytes;
use super::time::Timestamp;

/// A lock in a repository, of midwatch or of restic itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryLock {
    /// The lock's own name in the repository, 64 hex digits.
    pub id: String,
    /// Who, by user and machine; empty where it cannot be read.
    pub by: String,
    /// The process that took it, on that machine.
    pub pid: u32,
    /// Since when it is held, or was last renewed.
    pub since: Timestamp,
    /// Whether nobody else may work on the repository meanwhile.
    pub exclusive: bool,
    /// Why nobody can hold it any more, where that is so.
    pub stale: Option<String>,
}

impl RepositoryLock {
    /// Who holds it since when, in a line.
    pub fn describe(&self) -> String {
        if self.by.is_empty() {
            return format!("lock {}, which cannot be read", self.short());
        }
        let alone = if self.exclusive { "alone" } else { "with others" };
        let (by, pid, since) = (&self.by, self.pid, self.since.rfc3339());
        let stale = self.stale.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
        format!("lock {} of {by} (process {pid}), {alone}, since {since}{stale}", self.short())
    }

    /// The first eight digits of its name.
    pub fn short(&self) -> &str {
        self.id.get(..8).unwrap_or(&self.id)
    }
}

/// A repository's last check, by this console's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// When it ended.
    pub at: Timestamp,
    /// Whether everything in it was read and compared, and not its structure alone.
    pub read_data: bool,
    /// What it found, in the words of whoever looked; `None` where all was well.
    pub failed: Option<String>,
}

impl Checked {
    /// What it has against the datastores whose backups are there.
    pub fn verdict(&self) -> Verdict {
        match &self.failed {
            Some(why) => Verdict::new(Health::Down, format!("its repository is damaged: {why}")),
            None => Verdict::up(),
        }
    }
}

/// What pruning a repository would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// How much goes, about.
    pub frees: Bytes,
    /// How much of what stays is written anew, since it lies among what goes.
    pub rewrites: Bytes,
    /// How much is in the repository now.
    pub holds: Bytes,
}
