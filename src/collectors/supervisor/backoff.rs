//! How long a collector that failed rests before it is started again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use crate::domain::failure::Retry;

/// The rest after the first failure, before jitter.
const FIRST: Duration = Duration::from_secs(1);
/// The longest rest that failures alone lead to, before jitter.
const LONGEST: Duration = Duration::from_secs(60);
/// What only a person can mend is looked at again this often, since the person may have done it.
const NEVER: Duration = Duration::from_secs(300);

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A failure came after the collector ran for `ran`; the rest before the next start.
    pub(super) fn after(&mut self, retry: Retry, ran: Duration) -> Duration {
        // One that worked for longer than any rest is well again, and this is a first failure.
        self.failures = if ran > LONGEST { 1 } else { self.failures.saturating_add(1) };
        let full = FIRST.saturating_mul(1 << (self.failures - 1).min(16)).min(LONGEST);
        let full = match retry {
            Retry::Now => full,
            Retry::After(rest) => full.max(rest),
            Retry::Never => NEVER,
        };
        full / 2 + share(full / 2)
    }
}

/// A random part of a span, so that what failed together does not come back in step.
fn share(span: Duration) -> Duration {
    // Each RandomState has fresh keys, which is chance enough.
    let chance = RandomState::new().build_hasher().finish() % 1000;
    span.mul_f64(chance as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_up_to_a_minute_and_begin_anew_after_a_good_run() {
        let mut backoff = Backoff::default();
        let mut within = |ran, retry, full| {
            let rest = backoff.after(retry, Duration::from_secs(ran));
            let full = Duration::from_secs(full);
            assert!((full / 2..=full).contains(&rest), "{rest:?} is not within {full:?}");
        };
        for full in [1, 2, 4, 8, 16, 32, 60, 60] {
            within(0, Retry::Now, full);
        }
        within(0, Retry::After(Duration::from_secs(90)), 90);
        within(0, Retry::Never, 300);
        within(61, Retry::Now, 1);
    }
}
