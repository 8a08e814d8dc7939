//! What an archive says of a datastore: nothing that was not read is well.

use std::time::Duration;

use super::{Archived, Tool};
use crate::domain::health::{Health, Verdict};
use crate::domain::time::Age;

impl Archived {
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
            } else if self.gap().is_none() && self.moments().is_none() {
                bad("what its backups need of the log is not there, so no moment can be restored".to_owned())
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
            None => {
                let why = format!(
                    "{name}: whether the server still archives is not known: it is asked only where both are on one server"
                );
                return Verdict::new(Health::Unknown, why);
            }
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
        if self.wal.is_some()
            && self.ends_before(it)
            && it.last_at.is_some_and(|at| at.age(it.now) >= tool.takes_in())
        {
            let said = it.last.map(|last| last.to_string()).unwrap_or_default();
            let held = self.last_wal().map_or_else(|| "nothing".to_owned(), |held| held.to_string());
            let why =
                format!("{name}: the server says that it archived {said}, and the archive ends with {held}");
            return Verdict::new(Health::Down, why);
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
    use super::super::super::wal::{USUAL, stretches};
    use super::super::{Archiver, Base, Moments};
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::domain::wal::Segment;

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
    fn what_the_server_believes_to_be_archived_has_to_be_there() {
        // An `archive_command` that does nothing and says that all is well.
        let mut it = well();
        archiver(&mut it).last = Some(segment(12));
        assert_eq!(told(&it).0, Health::Down);
        assert!(told(&it).1.contains(
            "archived 00000001000000000000000C, and the archive ends with 000000010000000000000009"
        ));
        assert_eq!(it.moments().unwrap().to, None);
        // Barman has not taken it in yet.
        assert_eq!(it.verdict(Tool::Barman, RPO).health, Health::Up);
        archiver(&mut it).now = Timestamp::from_secs(700);
        assert_eq!(it.verdict(Tool::Barman, RPO).health, Health::Down);
    }

    #[test]
    fn a_backup_whose_own_log_is_gone_restores_nothing() {
        let mut it = well();
        it.wal = Some(stretches((8..=9).map(segment).collect()));
        assert_eq!((it.gap(), it.moments()), (None, None));
        assert!(told(&it).1.contains("no moment can be restored"), "{}", told(&it).1);
        let mut it = well();
        it.bases.iter_mut().for_each(|base| base.needs = None);
        assert_eq!(told(&it).0, Health::Degraded);
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
        it.archiver = None;
        assert_eq!((told(&it).0, it.measured_rpo()), (Health::Unknown, None));
        // On a standby nobody knows what waits.
        let mut it = well();
        (archiver(&mut it).current, archiver(&mut it).now) = (None, Timestamp::from_secs(9000));
        assert_eq!(told(&it).0, Health::Degraded);
        let mut it = well();
        it.wal = None;
        assert_eq!((told(&it).0, it.moments()), (Health::Degraded, None));
        let mut it = well();
        it.bases[1].failed = Some("error".to_owned());
        assert_eq!(told(&it).0, Health::Degraded);
    }
}
