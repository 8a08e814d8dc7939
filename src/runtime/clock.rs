//! The one place where the machine's clocks are read.

#![allow(clippy::disallowed_methods, reason = "this is the clock's room")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::domain::clock::Clock;
use crate::domain::time::Timestamp;

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        Timestamp::from_millis(millis)
    }
}

/// The clock that only runs forward, for pacing and measuring.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// How long the machine has slept since it was booted, where the kernel tells.
#[cfg(target_os = "linux")]
pub fn slept() -> Duration {
    let at = |clock| {
        let at = clock_gettime(clock);
        Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), u32::try_from(at.tv_nsec).unwrap_or(0))
    };
    // The one stands still while the machine sleeps; it is read first, so that none is found that was none.
    let awake = at(ClockId::Monotonic);
    at(ClockId::Boottime).saturating_sub(awake)
}

/// How long the machine has slept since it was booted, where the kernel tells.
#[cfg(not(target_os = "linux"))]
pub const fn slept() -> Duration {
    Duration::ZERO
}

/// How long this thread has had a core. What passes besides is the wait for one, or for something else.
pub fn on_core() -> Duration {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), u32::try_from(at.tv_nsec).unwrap_or(0))
}
