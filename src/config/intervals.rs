//! `[intervals]`: how often each kind of thing is looked at.

use std::time::Duration;

use super::amounts::Count;
use super::scalars::Interval;
use super::table::Table;

/// How often each kind of thing is looked at; what nobody looks at is read less often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntervalsConfig {
    /// Vitals of a server.
    pub vitals: Duration,
    /// The list of containers and their figures; changes of state come as events, at once.
    pub containers: Duration,
    /// systemd units and timers.
    pub units: Duration,
    /// The window over which an access log's figures are taken anew.
    pub access: Duration,
    /// Prometheus queries and `node_exporter`.
    pub prometheus: Duration,
    /// How many times longer all of these are for what nobody has on the screen, 1 or more.
    pub background: u32,
}

impl Default for IntervalsConfig {
    fn default() -> Self {
        Self {
            vitals: Duration::from_secs(2),
            containers: Duration::from_secs(5),
            units: Duration::from_secs(10),
            access: Duration::from_secs(10),
            prometheus: Duration::from_secs(15),
            background: 3,
        }
    }
}

impl IntervalsConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        let base = Self::default();
        Self {
            vitals: t.or("vitals", Interval(base.vitals)).0,
            containers: t.or("containers", Interval(base.containers)).0,
            units: t.or("units", Interval(base.units)).0,
            access: t.or("access", Interval(base.access)).0,
            prometheus: t.or("prometheus", Interval(base.prometheus)).0,
            background: t.or("background", Count::new(i64::from(base.background))).get(),
        }
    }
}
