//! The limits past which a value is a problem; the trade's own are the defaults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quantity::Percent;

/// Limits; a value strictly above one is a problem.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Busy share of all processors.
    pub cpu: Percent,
    /// Used memory.
    pub memory: Percent,
    /// Used swap.
    pub swap: Percent,
    /// Used disk.
    pub disk: Percent,
    /// Used inodes.
    pub inodes: Percent,
    /// Share of requests answered with 5xx.
    pub error_rate: Percent,
    /// 95th percentile of the time to answer.
    pub p95: Duration,
    /// A certificate that is valid for less than this.
    pub certificate: Duration,
    /// Difference between the server's clock and the console's, either way.
    pub clock_offset: Duration,
    /// A disk that is forecast to be full within this.
    pub disk_full_within: Duration,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            cpu: Percent(80.0),
            memory: Percent(80.0),
            swap: Percent(50.0),
            disk: Percent(80.0),
            inodes: Percent(80.0),
            error_rate: Percent(5.0),
            p95: Duration::from_millis(500),
            certificate: Duration::from_secs(14 * 86_400),
            clock_offset: Duration::from_secs(5),
            disk_full_within: Duration::from_secs(24 * 3600),
        }
    }
}
