//! When a check is tried: spread by its name, so that checks do not run in step, and the same after
//! each start.

use std::time::Duration;

use super::quantity::Percent;

/// The longest that the first attempt waits: whoever starts the console wants to see something.
const FIRST_WITHIN: Duration = Duration::from_secs(2);

/// The pause before a check's first attempt.
pub fn first(name: &str, interval: Duration) -> Duration {
    interval.min(FIRST_WITHIN).mul_f64(share(name, 0))
}

/// The pause between the end of attempt `n` (from 1) and the start of the next: the interval, off by
/// at most `jitter` of it, at most half, either way.
pub fn pause(name: &str, n: u64, interval: Duration, jitter: Percent) -> Duration {
    let jitter = f64::from(jitter.0).clamp(0.0, 50.0) / 100.0;
    interval.mul_f64(1.0 + jitter * (2.0 * share(name, n) - 1.0))
}

/// A number from 0 up to 1 that depends on nothing else: FNV-1a over name and number, finished by
/// the mixer of `SplitMix64`, since FNV's high bits hardly move for short inputs.
fn share(name: &str, n: u64) -> f64 {
    let bytes = name.bytes().chain(n.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn it_is_the_same_after_each_start_and_not_in_step() {
        assert_eq!(pause("shop", 7, MINUTE, Percent(10.0)), pause("shop", 7, MINUTE, Percent(10.0)));
        let all: std::collections::BTreeSet<_> = (0..100)
            .map(|n| pause(&format!("check-{n}"), 1, MINUTE, Percent(10.0)).as_millis() / 100)
            .collect();
        assert!(all.len() > 50, "only {} slots of 120 are used by 100 checks", all.len());
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds(name in ".{0,20}", n: u64, millis in 250u64..1_000_000, jitter in 0f32..200.0) {
            let interval = Duration::from_millis(millis);
            let pause = pause(&name, n, interval, Percent(jitter));
            prop_assert!(pause >= interval / 2 && pause <= interval * 3 / 2 + Duration::from_nanos(1));
            prop_assert!(first(&name, interval) <= FIRST_WITHIN.min(interval));
        }
    }
}
