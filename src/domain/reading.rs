//! A value with the time it was true, or the reason why it could not be read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::time::Timestamp;

/// How many of its intervals a value may be old before it is drawn stale.
pub const STALE_AFTER_INTERVALS: u32 = 3;

/// The latest that is known of one observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading<T> {
    /// The last value that was read, and when it was true (the console's clock).
    pub last: Option<(T, Timestamp)>,
    /// Why the last attempt failed, and since when attempts fail; gone with the next success.
    pub failure: Option<(Failure, Timestamp)>,
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self { last: None, failure: None }
    }
}

/// Whether a reading may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Read, and young enough.
    Fresh,
    /// Read once, this long ago; drawn with its age.
    Stale(Duration),
    /// Never read.
    Never,
}

impl<T> Reading<T> {
    /// Takes a new value; whatever failed before is over.
    pub fn succeed(&mut self, value: T, at: Timestamp) {
        self.last = Some((value, at));
        self.failure = None;
    }

    /// Takes a failed attempt; the last value stays, to be drawn with its age.
    pub fn fail(&mut self, failure: Failure, at: Timestamp) {
        let since = self.failure.as_ref().map_or(at, |(_, since)| *since);
        self.failure = Some((failure, since));
    }

    /// The last value, however old.
    pub fn value(&self) -> Option<&T> {
        self.last.as_ref().map(|(value, _)| value)
    }

    /// The last value, unless it is stale or the last attempt failed: what a verdict may build on.
    pub fn fresh(&self, now: Timestamp, interval: Duration) -> Option<&T> {
        match self.freshness(now, interval) {
            Freshness::Fresh => self.value(),
            Freshness::Stale(_) | Freshness::Never => None,
        }
    }

    /// Whether it may be believed, where it is read every `interval`.
    pub fn freshness(&self, now: Timestamp, interval: Duration) -> Freshness {
        match &self.last {
            None => Freshness::Never,
            Some((_, at)) => {
                let age = at.age(now);
                if self.failure.is_some() || age > interval * STALE_AFTER_INTERVALS {
                    Freshness::Stale(age)
                } else {
                    Freshness::Fresh
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::FailureKind;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_value_is_stale_past_three_intervals() {
        let mut reading = Reading::default();
        reading.succeed(7, Timestamp::from_secs(10));
        assert_eq!(reading.freshness(Timestamp::from_secs(13), SECOND), Freshness::Fresh);
        assert_eq!(
            reading.freshness(Timestamp::from_secs(14), SECOND),
            Freshness::Stale(Duration::from_secs(4))
        );
    }

    #[test]
    fn a_failed_attempt_keeps_the_value_but_not_the_belief() {
        let mut reading = Reading::default();
        reading.succeed(7, Timestamp::from_secs(10));
        let failure = Failure::new(FailureKind::Timeout, "read", "no answer");
        reading.fail(failure.clone(), Timestamp::from_secs(11));
        reading.fail(failure, Timestamp::from_secs(12));
        assert_eq!(reading.value(), Some(&7));
        assert_eq!(reading.fresh(Timestamp::from_secs(12), SECOND), None);
        assert_eq!(reading.failure.map(|(_, since)| since), Some(Timestamp::from_secs(11)));
    }
}
