//! What requests came to, as an access log tells it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::line::access::AccessFormat;

/// An access log, and what it told before a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Its absolute path on the server.
    pub log: String,
    /// What its lines are.
    pub format: AccessFormat,
    /// What it told.
    pub before: Level,
}

/// What answers come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// How many there were.
    pub asked: u32,
    /// How many of them were errors: no answer, or a status of 500 and more.
    pub errors: u32,
    /// The time within which 95 of 100 good answers came; `None` where no times are told.
    pub p95: Option<Duration>,
}

impl Level {
    /// Errors as a share of the answers, 0 to 1.
    pub fn share(self) -> f64 {
        if self.asked == 0 { 0.0 } else { f64::from(self.errors) / f64::from(self.asked) }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} errors", self.errors, self.asked)?;
        match self.p95 {
            Some(p95) => write!(f, ", p95 {} ms", p95.as_millis()),
            None => Ok(()),
        }
    }
}
