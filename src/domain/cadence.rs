//! How often each kind of observation comes at the latest while someone looks: what collectors keep
//! to, and what staleness is measured in. Vitals have an interval a server, checks one each.

use std::time::Duration;

/// The whole list of containers; changes come at once by the engine's events.
pub const CONTAINERS: Duration = Duration::from_secs(15);
/// What containers use.
pub const USAGE: Duration = Duration::from_secs(5);
/// systemd's units and timers.
pub const UNITS: Duration = Duration::from_secs(15);
/// Figures of an access log.
pub const ACCESS: Duration = Duration::from_secs(10);
/// Series from Prometheus.
pub const SAMPLES: Duration = Duration::from_secs(15);
