//! Words to the operator that go away by themselves. Failures to act do not belong here: they stay
//! until they are dismissed.

use std::time::Duration;

use crate::domain::health::Health;
use crate::domain::time::Timestamp;

/// How long a notice stays.
const STAYS: Duration = Duration::from_secs(5);

/// One sentence in the last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What to say.
    pub text: String,
    /// Up for what was done, degraded for what cannot be done.
    pub tone: Health,
    /// When it goes.
    pub until: Timestamp,
}

impl Notice {
    /// Something was done.
    pub fn done(text: impl Into<String>, now: Timestamp) -> Self {
        Self { text: text.into(), tone: Health::Up, until: now + STAYS }
    }

    /// Something cannot be done, and why.
    pub fn refused(text: impl Into<String>, now: Timestamp) -> Self {
        Self { text: text.into(), tone: Health::Degraded, until: now + STAYS }
    }
}
