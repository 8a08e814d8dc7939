//! How often each kind of observation comes at the latest while someone looks: what collectors keep
//! to, and what staleness is measured in. Vitals have an interval a server, checks one each.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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
/// The archives of write-ahead logs.
pub const ARCHIVES: Duration = Duration::from_secs(60);
/// Those that cost more to ask about.
pub const DEAR_ARCHIVES: Duration = Duration::from_secs(300);
/// What a repository of backups holds.
pub const BACKUPS: Duration = Duration::from_secs(60);
/// The files by which it is known which apps are in maintenance.
pub const MAINTENANCE: Duration = Duration::from_secs(5);
/// Series from Prometheus.
pub const SAMPLES: Duration = Duration::from_secs(15);

/// What the configuration makes of these for all servers: staleness is measured in what is really kept to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cadence {
    /// What containers use, where they are few.
    pub usage: Duration,
    /// systemd's units and timers.
    pub units: Duration,
    /// Figures of an access log.
    pub access: Duration,
    /// Series from Prometheus.
    pub samples: Duration,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { usage: USAGE, units: UNITS, access: ACCESS, samples: SAMPLES }
    }
}

impl Cadence {
    /// Whether the configuration makes nothing of it.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// How often it is asked what so many containers use.
    pub fn usage(&self, containers: usize) -> Duration {
        self.usage.max(usage(containers))
    }
}
