//! What an access log says over a window of time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::ServerId;
use super::quantity::Percent;

/// Names one access log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKey {
    /// The server on which it is.
    pub server: ServerId,
    /// Its label.
    pub label: String,
}

/// Figures of one access log over its window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessStats {
    /// The log's label (`caddy`, or the file's path).
    pub label: String,
    /// The time that the figures cover.
    pub window: Duration,
    /// Requests in the window.
    pub requests: u64,
    /// Requests a second.
    pub rate: f64,
    /// Share answered with 5xx; `None` without requests.
    pub errors: Option<Percent>,
    /// Median time to answer; `None` where the log does not tell times.
    pub p50: Option<Duration>,
    /// 95th percentile.
    pub p95: Option<Duration>,
    /// 99th percentile.
    pub p99: Option<Duration>,
    /// Lines that could not be read as the format says.
    pub unread: u64,
}
