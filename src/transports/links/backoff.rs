//! How long to wait before the next try.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// The wait after the first failure, before jitter.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(60);

/// The wait after `failures` failures in a row (from 1): doubling from one second to a minute, of
/// which the second half is left to chance, so that fifty servers behind one broken link do not
/// come back in step.
pub(super) fn delay(failures: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    full / 2 + share(full / 2)
}

/// A random part of a span.
pub(super) fn share(span: Duration) -> Duration {
    // Each RandomState has fresh keys; that is chance enough to spread tries.
    let chance = RandomState::new().build_hasher().finish() % 1000;
    span.mul_f64(chance as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_a_minute_within_its_jitter() {
        for (failures, full) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (4_000_000_000, 60)] {
            let full = Duration::from_secs(full);
            for _ in 0..50 {
                let delay = delay(failures);
                assert!(delay >= full / 2 && delay <= full, "{failures}: {delay:?}");
            }
        }
    }
}
