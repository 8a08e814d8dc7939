//! The clock of a replay: recorded time, that passes at a speed, and stands while it is paused.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::clock::Clock;
use crate::domain::time::Timestamp;
use crate::runtime::clock::monotonic;

/// See the module.
#[derive(Debug)]
pub struct ReplayClock {
    speed: f64,
    state: Mutex<Passed>,
}

#[derive(Clone, Copy, Debug)]
struct Passed {
    /// The recorded time when it was last set going or halted.
    at: Timestamp,
    /// When that was; `None` while it stands.
    since: Option<Instant>,
}

impl ReplayClock {
    /// A clock that goes from `start` on, `speed` times as fast as the real one.
    pub fn new(start: Timestamp, speed: f64) -> Self {
        Self { speed, state: Mutex::new(Passed { at: start, since: Some(monotonic()) }) }
    }

    /// Halts it where it goes, and sets it going where it stands. Whether it stands now.
    pub fn toggle(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.read(&state);
        *state = Passed { at: now, since: state.since.is_none().then(monotonic) };
        state.since.is_none()
    }

    /// Halts it for good at a time.
    pub fn stop_at(&self, at: Timestamp) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Passed { at, since: None };
    }

    /// How long until it shows a time, as the real clock counts; `None` while it stands.
    pub fn until(&self, at: Timestamp) -> Option<Duration> {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.since?;
        Some(at.since(self.read(&state)).div_f64(self.speed))
    }

    fn read(&self, state: &Passed) -> Timestamp {
        let passed = state.since.map_or(Duration::ZERO, |since| since.elapsed().mul_f64(self.speed));
        state.at + passed
    }
}

impl Clock for ReplayClock {
    fn now(&self) -> Timestamp {
        self.read(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_while_it_is_halted_and_goes_at_its_speed() {
        let clock = ReplayClock::new(Timestamp::from_secs(100), 1000.0);
        assert!(
            clock.until(Timestamp::from_secs(200)).is_some_and(|left| left <= Duration::from_millis(100))
        );
        assert!(clock.toggle());
        let halted = clock.now();
        assert!(halted >= Timestamp::from_secs(100));
        assert_eq!(clock.until(Timestamp::from_secs(200)), None);
        assert_eq!(clock.now(), halted);
        assert!(!clock.toggle());
        assert!(clock.now() >= halted);
    }
}
