//! What a PostgreSQL server is backed up by beside us: the archive of its write-ahead log and the base backups
//! in it, by which it can be brought back to a moment.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cadence;
use super::health::{Health, Verdict};
use super::ids::ServerId;
use super::time::{Age, Timestamp};
use super::wal::{Segment, Stretch};

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
}

/// Where an archive is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let told = self.archiver.as_ref().and_then(|it| it.as_ref().ok());
        Some(Moments { from, to: told.and_then(|it| it.last_at) })
    }

    /// How much of the log would be lost now, at most; `None` where that is not known.
    pub fn measured_rpo(&self) -> Option<Duration> {
        let it = self.archiver.as_ref()?.as_ref().ok()?;
        let (last, last_at) = (it.last?, it.last_at?);
        let age = last_at.age(it.now);
        let waits = it.current.is_some_and(|current| current.between(last) > 0);
        // With a timeout a segment in which something was written is archived by then: what is older than
        // that has nothing new after it.
        if waits || it.at_most.is_zero() { Some(age) } else { Some(age.min(it.at_most)) }
    }

    /// What it says of a datastore of which so much may be lost.
    pub fn verdict(&self, tool: Tool, rpo: Duration) -> Verdict {
        let name = tool.name();
        let bad = |why: String| Verdict::new(Health::Degraded, format!("{name}: {why}"));
        let said = self.complaint.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        if self.last_full().is_none() {
            let why = format!("{name}: there is no full backup, so no moment can be restored{said}");
            return Verdict::new(Health::Down, why);
        }
        Verdict::worst([
            self.archiving(tool, rpo),
            self.gap().map_or_else(Verdict::up, |(missing, before)| {
                let what = if missing == 1 {
                    "1 segment of the log is"
                } else {
                    &format!("{missing} segments of the log are")
                };
                bad(format!(
                    "{what} missing after {before}: no later moment can be restored until the next backup"
                ))
            }),
            self.bases
                .last()
                .and_then(|it| it.failed.as_ref())
                .map_or_else(Verdict::up, |why| bad(format!("its last backup failed: {why}"))),
            self.complaint.as_ref().map_or_else(Verdict::up, |it| bad(it.clone())),
            if self.wal.is_none() {
                bad("which segments of the log it holds is not known".to_owned())
            } else {
                Verdict::up()
            },
        ])
    }

    /// Whether the log still goes there.
    fn archiving(&self, tool: Tool, rpo: Duration) -> Verdict {
        let name = tool.name();
        let it = match &self.archiver {
            Some(Ok(it)) => it,
            Some(Err(why)) => {
                let why = format!("{name}: whether the server still archives is not known: {why}");
                return Verdict::new(Health::Unknown, why);
            }
            None => return Verdict::up(),
        };
        let lost = self.measured_rpo();
        let late = lost.is_some_and(|lost| lost > rpo);
        let fails = it.failed_at.is_some_and(|failed| it.last_at.is_none_or(|last| failed > last));
        let since = it.last_at.map_or_else(
            || "it never was".to_owned(),
            |at| format!("the last was {} ago", Age(at.age(it.now))),
        );
        if fails {
            let health = if late || it.last_at.is_none() { Health::Down } else { Health::Degraded };
            let why = format!("{name}: the log cannot be archived, {since}; {} failures", it.failures);
            return Verdict::new(health, why);
        }
        if it.last_at.is_none() {
            return Verdict::new(Health::Degraded, format!("{name}: no segment of the log was archived yet"));
        }
        match lost {
            Some(lost) if late => {
                let remedy = if it.at_most.is_zero() {
                    "; archive_timeout is 0, so it waits until one is full"
                } else {
                    ""
                };
                let why = format!(
                    "{name}: {} of the log are not archived, of at most {} (rpo){remedy}",
                    Age(lost),
                    Age(rpo)
                );
                Verdict::new(Health::Degraded, why)
            }
            _ => Verdict::up(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wal::{USUAL, stretches};
    use super::*;

    const RPO: Duration = Duration::from_secs(300);

    fn segment(n: u64) -> Segment {
        Segment::parse(&format!("0000000100000000{n:08X}"), USUAL).unwrap()
    }

    fn base(needs: u64, ended: i64) -> Base {
        Base {
            name: format!("{ended}F"),
            full: true,
            ended: Timestamp::from_secs(ended),
            needs: Some(segment(needs)),
            failed: None,
        }
    }

    fn well() -> Archived {
        Archived {
            bases: vec![base(3, 100), base(7, 200)],
            wal: Some(stretches((3..=9).map(segment).collect())),
            archiver: Some(Ok(Archiver {
                last: Some(segment(9)),
                last_at: Some(Timestamp::from_secs(290)),
                current: Some(segment(10)),
                at_most: Duration::from_secs(60),
                now: Timestamp::from_secs(300),
                ..Archiver::default()
            })),
            complaint: None,
        }
    }

    fn archiver(it: &mut Archived) -> &mut Archiver {
        it.archiver.as_mut().unwrap().as_mut().unwrap()
    }

    fn told(it: &Archived) -> (Health, String) {
        let verdict = it.verdict(Tool::PgBackRest, RPO);
        (verdict.health, verdict.reason)
    }

    #[test]
    fn what_is_whole_can_be_restored_from_its_first_backup_to_its_last_segment() {
        let it = well();
        assert_eq!(told(&it), (Health::Up, String::new()));
        let to = Some(Timestamp::from_secs(290));
        assert_eq!(it.moments(), Some(Moments { from: Timestamp::from_secs(100), to }));
        assert_eq!(it.measured_rpo(), Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_server_where_nothing_is_written_loses_nothing_however_long_that_is() {
        let mut it = well();
        archiver(&mut it).now = Timestamp::from_secs(9000);
        assert_eq!(it.measured_rpo(), Some(Duration::from_secs(60)));
        assert_eq!(told(&it).0, Health::Up);
        // Without a timeout nobody knows what the segment of now has.
        archiver(&mut it).at_most = Duration::ZERO;
        assert!(
            told(&it).1.contains("2h of the log are not archived") && told(&it).1.contains("archive_timeout")
        );
        // And what waits is late, whatever the timeout.
        let mut it = well();
        (archiver(&mut it).now, archiver(&mut it).current) = (Timestamp::from_secs(900), Some(segment(12)));
        assert_eq!(told(&it).0, Health::Degraded);
    }

    #[test]
    fn a_gap_ends_what_can_be_restored_where_no_backup_came_after_it() {
        let mut it = well();
        it.wal = Some(stretches((3..=9).filter(|n| *n != 8).map(segment).collect()));
        assert_eq!(it.gap(), Some((1, segment(7))));
        assert_eq!(it.moments(), None);
        assert!(told(&it).1.contains("1 segment of the log is missing after 000000010000000000000007"));
        // One before the newest backup is behind us: it can be restored from that one on.
        it.wal = Some(stretches((3..=9).filter(|n| *n != 5).map(segment).collect()));
        assert_eq!(told(&it).0, Health::Up);
        assert_eq!(it.moments().unwrap().from, Timestamp::from_secs(200));
    }

    #[test]
    fn what_fails_is_worse_the_longer_it_does() {
        let mut it = well();
        (archiver(&mut it).failed_at, archiver(&mut it).failures) = (Some(Timestamp::from_secs(295)), 4);
        assert_eq!(told(&it).0, Health::Degraded);
        assert!(told(&it).1.contains("the log cannot be archived, the last was 10s ago; 4 failures"));
        (archiver(&mut it).now, archiver(&mut it).current) = (Timestamp::from_secs(900), Some(segment(12)));
        assert_eq!(told(&it).0, Health::Down);
    }

    #[test]
    fn nothing_unknown_is_well() {
        let none = Archived { complaint: Some("missing stanza path".to_owned()), ..Archived::default() };
        assert_eq!(told(&none).0, Health::Down);
        assert!(told(&none).1.contains("missing stanza path"));
        let mut it = well();
        it.archiver = Some(Err("psql: denied".to_owned()));
        assert_eq!((told(&it).0, it.measured_rpo()), (Health::Unknown, None));
        let mut it = well();
        it.wal = None;
        assert_eq!((told(&it).0, it.moments()), (Health::Degraded, None));
        let mut it = well();
        it.bases[1].failed = Some("error".to_owned());
        assert_eq!(told(&it).0, Health::Degraded);
    }
}
