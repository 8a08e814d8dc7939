//! How long an exchange may take and how much of it is kept.

use std::time::Duration;

use tokio::time::Instant;

use super::error::HttpError;

/// Bounds of one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first packet to the last byte that is kept.
    pub deadline: Duration,
    /// The most of a body that is kept, in bytes; the rest is not read.
    pub body: usize,
}

impl Default for Limits {
    /// Ten seconds, a mebibyte.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), body: 1 << 20 }
    }
}

/// A deadline on the way through several phases, each of which is named where it runs out.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    start: Instant,
    whole: Duration,
}

impl Deadline {
    /// Starts to run now.
    pub fn new(whole: Duration) -> Self {
        Self { start: Instant::now(), whole }
    }

    /// How long it has run.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// What is left of it.
    pub fn left(&self) -> Duration {
        self.whole.saturating_sub(self.elapsed())
    }

    /// How long it was at the start.
    pub const fn whole(&self) -> Duration {
        self.whole
    }

    /// Runs one phase within what is left.
    pub async fn phase<T>(&self, phase: &'static str, work: impl Future<Output = T>) -> Result<T, HttpError> {
        tokio::time::timeout_at(self.start + self.whole, work)
            .await
            .map_err(|_| HttpError::Deadline { phase, after: self.whole })
    }
}
