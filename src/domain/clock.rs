//! What a clock is; the one that reads the machine's lives in the runtime.

use super::time::Timestamp;

/// Tells the time. Tasks take it as a value, so that tests and replays hold it in their hands.
pub trait Clock: Send + Sync {
    /// The console's wall clock, now.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still, for tests and replays.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
