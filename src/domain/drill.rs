//! A rehearsed restore, and what it says of its datastore.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::health::{Health, Verdict};
use super::time::{Age, Timestamp};

/// A drill that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drilled {
    /// When it ended.
    pub at: Timestamp,
    /// Whether the backup came back and answered as it should; why where it did not.
    pub failed: Option<String>,
    /// How long it took until the backup was back; `None` where it never was.
    pub restored_in: Option<Duration>,
}

impl Drilled {
    /// How long it took until the backup was back, in whole seconds, those that were only begun with them.
    pub fn restored_in_seconds(&self) -> Option<u64> {
        self.restored_in.map(|took| took.as_secs() + u64::from(took.subsec_nanos() > 0))
    }

    /// What it has against its datastore: a backup that does not come back is none, so it is down; one that
    /// comes back too late is degraded.
    pub fn verdict(&self, rto: Duration) -> Verdict {
        if let Some(why) = &self.failed {
            return Verdict::new(Health::Down, format!("its last drill failed: {why}"));
        }
        match self.restored_in.filter(|took| *took > rto) {
            Some(took) => {
                let (took, most) = (Age(took), Age(rto));
                let reason = format!("its last drill took {took} to bring it back, of at most {most}");
                Verdict::new(Health::Degraded, reason)
            }
            None => Verdict::up(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_that_failed_is_worse_than_one_that_took_too_long() {
        let took = |seconds| Some(Duration::from_secs(seconds));
        let drilled = Drilled { at: Timestamp::default(), failed: None, restored_in: took(61) };
        let minute = Duration::from_secs(60);
        assert_eq!(drilled.verdict(minute).reason, "its last drill took 1m to bring it back, of at most 1m");
        assert_eq!(Drilled { restored_in: took(60), ..drilled.clone() }.verdict(minute), Verdict::up());
        let failed = Drilled { failed: Some("it is damaged".to_owned()), ..drilled };
        assert_eq!(failed.verdict(minute).health, Health::Down);
    }
}
