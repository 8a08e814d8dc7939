//! Which moments an archive can bring back, and by which base backup: what is not known to be there is not
//! promised.

use std::time::Duration;

use super::{Archived, Base, Tool};
use crate::domain::time::Timestamp;

/// Ends of backups are told in whole seconds: a backup may have ended within the second that it tells.
const WHOLE: Duration = Duration::from_secs(1);

/// What brings a moment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach<'a> {
    /// The base backup.
    pub base: &'a Base,
    /// The first moment that can be restored.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// How many segments of the log are between the base backup and the end of the archive, both ends
    /// included.
    pub segments: u64,
}

impl Archived {
    /// By what a moment can be brought back; why it cannot. `now` by the server's clock.
    pub fn reach(&self, at: Timestamp, tool: Tool) -> Result<Reach<'_>, String> {
        let shown = at.rfc3339();
        if let Some(now) = self.told().map(|it| it.now)
            && at > now
        {
            return Err(format!("{shown} is yet to come: it is {} there", now.rfc3339()));
        }
        if self.last_full().is_none() {
            let said = self.complaint.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
            return Err(format!("there is no full backup, so no moment can be restored{said}"));
        }
        let Some(wal) = &self.wal else {
            return Err("which segments of the log it holds is not known".to_owned());
        };
        if let Some((missing, before)) = self.gap() {
            return Err(format!(
                "{missing} of the log's segments are missing after {before}, and whether {shown} lies before them is not known"
            ));
        }
        let Some(moments) = self.moments() else {
            return Err(
                "what its backups need of the log is not there, so no moment can be restored".to_owned()
            );
        };
        let Some(to) = moments.to else {
            return Err("up to when it holds the log is not known: the server does not tell, or has archived what is not in it".to_owned());
        };
        let from = moments.from + WHOLE;
        let window = format!("from {} to {}", from.rfc3339(), to.rfc3339());
        if at < from {
            return Err(format!("{shown} lies before all that can be restored: {window}"));
        }
        if at > to {
            return Err(format!("{shown} lies after all that can be restored: {window}"));
        }
        let newest = wal.last();
        let good = |it: &&Base| {
            // Barman would have to put an incremental one together elsewhere first.
            let alone = it.full || tool != Tool::Barman;
            let held = it.needs.zip(newest).is_some_and(|(needs, newest)| newest.holds(needs));
            it.failed.is_none() && alone && held && it.ended + WHOLE <= at
        };
        let base = self.bases.iter().rev().find(good);
        let base =
            base.ok_or_else(|| format!("no backup can be relied on that ended before {shown}: {window}"))?;
        let segments = match (base.needs, newest) {
            (Some(needs), Some(newest)) => newest.last.place.saturating_sub(needs.place) + 1,
            _ => 0,
        };
        Ok(Reach { base, from, to, segments })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Archiver;
    use super::*;
    use crate::domain::wal::{Segment, USUAL, stretches};

    fn segment(n: u64) -> Segment {
        Segment::parse(&format!("0000000100000000{n:08X}"), USUAL).unwrap()
    }

    fn base(name: &str, needs: u64, ended: i64) -> Base {
        let (name, ended) = (name.to_owned(), Timestamp::from_secs(ended));
        Base { name, full: name_is_full(needs), ended, needs: Some(segment(needs)), failed: None }
    }

    fn name_is_full(needs: u64) -> bool {
        needs != 5
    }

    fn archived(wal: &[u64]) -> Archived {
        let told = Archiver {
            last: wal.last().map(|n| segment(*n)),
            last_at: Some(Timestamp::from_secs(500)),
            now: Timestamp::from_secs(520),
            ..Archiver::default()
        };
        Archived {
            bases: vec![base("first", 2, 100), base("second", 5, 300)],
            wal: Some(stretches(wal.iter().map(|n| segment(*n)).collect())),
            archiver: Some(Ok(told)),
            complaint: None,
        }
    }

    fn told(it: &Archived, at: i64) -> String {
        match it.reach(Timestamp::from_secs(at), Tool::PgBackRest) {
            Ok(it) => format!("{} {}", it.base.name, it.segments),
            Err(why) => why,
        }
    }

    #[test]
    fn the_last_backup_before_the_moment_is_taken() {
        let it = archived(&[2, 3, 4, 5, 6]);
        assert_eq!(told(&it, 200), "first 5");
        assert_eq!(told(&it, 300), "first 5", "it may have ended within that second");
        assert_eq!(told(&it, 301), "second 2");
        assert_eq!(told(&it, 500), "second 2");
        // One over another is nothing that Barman restores in one go.
        let barman = it.reach(Timestamp::from_secs(400), Tool::Barman).unwrap();
        assert_eq!(barman.base.name, "first");
        let mut failed = archived(&[2, 3, 4, 5, 6]);
        failed.bases[1].failed = Some("checksums".to_owned());
        assert_eq!(told(&failed, 400), "first 5");
    }

    #[test]
    fn a_moment_outside_is_refused_with_the_window() {
        let it = archived(&[2, 3, 4, 5, 6]);
        assert!(told(&it, 100).contains("lies before all that can be restored: from 1970-01-01T00:01:41"));
        assert!(told(&it, 501).contains("to 1970-01-01T00:08:20.000Z"), "{}", told(&it, 501));
        assert!(told(&it, 521).contains("is yet to come"));
        assert!(told(&archived(&[2, 3, 5, 7]), 200).contains("missing after 000000010000000000000005"));
        assert_eq!(told(&archived(&[4, 5, 6]), 400), "second 2", "the log before it is of no matter");
        assert!(told(&archived(&[4, 5, 6]), 200).contains("lies before"));
        assert!(told(&Archived { wal: None, ..archived(&[2]) }, 200).contains("is not known"));
        assert!(told(&Archived { bases: Vec::new(), ..archived(&[2]) }, 200).contains("no full backup"));
        assert!(told(&Archived { archiver: None, ..archived(&[2, 3, 4, 5]) }, 200).contains("up to when"));
    }
}
