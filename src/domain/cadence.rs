//! How often each kind of observation comes at the latest while someone looks: what collectors keep
//! to, and what staleness is measured in. Vitals have an interval a server, checks one each.

use std::time::Duration;

/// The whole list of containers; changes come at once by the engine's events.
pub const CONTAINERS: Duration = Duration::from_secs(15);
/// What containers use, where there are at most ten.
pub const USAGE: Duration = Duration::from_secs(5);
/// What one container more adds to that. An engine works about 2 ms on the question what one uses, so this
/// keeps the questions at 0.4 % of a core, however many containers there are.
const USAGE_EACH: Duration = Duration::from_millis(500);
/// The most that many containers come to.
const USAGE_MOST: Duration = Duration::from_secs(120);

/// How often it is asked what so many containers use.
pub fn usage(containers: usize) -> Duration {
    let each = USAGE_EACH * u32::try_from(containers).unwrap_or(u32::MAX).min(1000);
    each.clamp(USAGE, USAGE_MOST)
}
/// systemd's units and timers.
pub const UNITS: Duration = Duration::from_secs(15);
/// Figures of an access log.
pub const ACCESS: Duration = Duration::from_secs(10);
/// Series from Prometheus.
pub const SAMPLES: Duration = Duration::from_secs(15);
