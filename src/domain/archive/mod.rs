//! What a PostgreSQL server is backed up by beside us: the archive of its write-ahead log and the base backups
//! in it, by which it can be brought back to a moment.

mod moment;
mod verdict;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cadence;
use super::ids::ServerId;
use super::time::Timestamp;
use super::wal::{Segment, Stretch};

pub use moment::Reach;

/// A program that keeps such an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// <https://pgbackrest.org>
    PgBackRest,
    /// <https://pgbarman.org>
    Barman,
    /// <https://wal-g.readthedocs.io>
    WalG,
}

impl Tool {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PgBackRest => "pgBackRest",
            Self::Barman => "Barman",
            Self::WalG => "WAL-G",
        }
    }

    /// How often it is asked while someone looks. Each answer costs the server some tenths of a second of a
    /// processor with Barman, which starts interpreters for it, and may cost requests that are paid for with
    /// WAL-G.
    pub const fn cadence(self) -> Duration {
        match self {
            Self::PgBackRest => cadence::ARCHIVES,
            Self::Barman | Self::WalG => cadence::DEAR_ARCHIVES,
        }
    }

    /// How long what the server archived may not be in the archive yet: Barman takes it in once a minute, the
    /// others before the server hears that it is archived.
    const fn takes_in(self) -> Duration {
        match self {
            Self::Barman => Duration::from_secs(300),
            Self::PgBackRest | Self::WalG => Duration::ZERO,
        }
    }
}

/// Where an archive is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveSpec {
    /// By what.
    pub tool: Tool,
    /// The server on which that is.
    pub server: ServerId,
    /// The stanza of pgBackRest, or the server's name with Barman; empty for WAL-G.
    pub name: String,
    /// The container that has the program; `None` for the server itself.
    pub container: Option<String>,
    /// The system's user that runs it.
    pub run_as: Option<String>,
    /// Its configuration file, where it is not the usual one.
    pub config: Option<String>,
}

/// A base backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its name there.
    pub name: String,
    /// Whether it needs no other.
    pub full: bool,
    /// When it had ended: no earlier moment can be restored by it.
    pub ended: Timestamp,
    /// The first segment that it needs; `None` where that is not told.
    pub needs: Option<Segment>,
    /// Why it is none to rely on.
    pub failed: Option<String>,
}

/// What the server itself says of its archiving (`pg_stat_archiver`), by its own clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archiver {
    /// The last segment that was archived.
    pub last: Option<Segment>,
    /// When.
    pub last_at: Option<Timestamp>,
    /// When one could not be, last.
    pub failed_at: Option<Timestamp>,
    /// How often that was since the figures were reset.
    pub failures: u64,
    /// The segment that is written to now; `None` on a standby.
    pub current: Option<Segment>,
    /// After how long a segment is archived that is not full (`archive_timeout`); zero for never.
    pub at_most: Duration,
    /// The server's clock as it was asked.
    pub now: Timestamp,
}

/// How an archive stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Archived {
    /// The base backups, oldest first.
    pub bases: Vec<Base>,
    /// The segments in it, oldest first; `None` where they cannot be listed.
    pub wal: Option<Vec<Stretch>>,
    /// What the server says; why not where it could not be asked.
    pub archiver: Option<Result<Archiver, String>>,
    /// What the program itself finds wrong.
    pub complaint: Option<String>,
}

/// The moments that can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moments {
    /// The first.
    pub from: Timestamp,
    /// The last; `None` where it is not known when the last segment came.
    pub to: Option<Timestamp>,
}

impl Archived {
    /// The last base backup that can be relied on.
    pub fn last_base(&self) -> Option<&Base> {
        self.bases.iter().rev().find(|it| it.failed.is_none())
    }

    /// The last full one of those.
    pub fn last_full(&self) -> Option<&Base> {
        self.bases.iter().rev().find(|it| it.full && it.failed.is_none())
    }

    /// The last segment in it.
    pub fn last_wal(&self) -> Option<Segment> {
        self.wal.as_ref()?.last().map(|it| it.last)
    }

    /// What is missing of the log since the newest base backup: how many segments, and the last before them.
    pub fn gap(&self) -> Option<(u64, Segment)> {
        let needs = self.last_base()?.needs?;
        let since = self.wal.as_ref()?.iter().filter(|it| it.last.place >= needs.place);
        let since: Vec<&Stretch> = since.collect();
        let [before, after] = since.get(..2)? else { return None };
        Some((after.first.between(before.last), before.last))
    }

    /// The moments that can be restored: from the first base backup after which nothing is missing. `None`
    /// where there is none, or it is not known what is there.
    pub fn moments(&self) -> Option<Moments> {
        if self.gap().is_some() {
            return None;
        }
        let newest = self.wal.as_ref()?.last()?;
        let good = |it: &&Base| it.failed.is_none() && it.needs.is_some_and(|needs| newest.holds(needs));
        let from = self.bases.iter().find(good)?.ended;
        Some(Moments { from, to: self.told().filter(|it| !self.ends_before(it)).and_then(|it| it.last_at) })
    }

    /// What the server says, where it could be asked.
    fn told(&self) -> Option<&Archiver> {
        self.archiver.as_ref()?.as_ref().ok()
    }

    /// Whether it lacks what the server says that it archived last.
    fn ends_before(&self, it: &Archiver) -> bool {
        it.last.is_some_and(|last| self.last_wal().is_none_or(|held| held.place < last.place))
    }

    /// How much of the log would be lost now, at most; `None` where that is not known.
    pub fn measured_rpo(&self) -> Option<Duration> {
        let it = self.told()?;
        let age = it.last_at?.age(it.now);
        // Where one of them is not told, as on a standby, it may be that something waits.
        let waits = it.last.zip(it.current).is_none_or(|(last, current)| current.between(last) > 0);
        // With a timeout a segment in which something was written is archived by then: what is older than
        // that has nothing new after it.
        if waits || it.at_most.is_zero() { Some(age) } else { Some(age.min(it.at_most)) }
    }
}
