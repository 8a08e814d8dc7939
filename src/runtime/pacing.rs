//! When to draw: a key at once, data at most so often, nothing when nothing changed.

use std::time::{Duration, Instant};

/// How long data may be applied before input is looked at again.
pub const SLICE: Duration = Duration::from_micros(300);

/// Decides when the next frame is due.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    between: Duration,
    last: Option<Instant>,
    wanted: Option<Urgency>,
}

/// Why a frame is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Data changed; it may wait for its turn.
    Data,
    /// A person did something.
    Input,
}

impl Pacing {
    /// Data alone draws at most this many times a second (at least one).
    pub fn new(frames_a_second: u32) -> Self {
        Self { between: Duration::from_secs(1) / frames_a_second.max(1), last: None, wanted: None }
    }

    /// A frame is wanted.
    pub fn want(&mut self, urgency: Urgency) {
        self.wanted = self.wanted.max(Some(urgency));
    }

    /// How long until the wanted frame is due; `None` where none is wanted.
    pub fn due_in(&self, now: Instant) -> Option<Duration> {
        match (self.wanted?, self.last) {
            (Urgency::Input, _) | (Urgency::Data, None) => Some(Duration::ZERO),
            (Urgency::Data, Some(last)) => Some((last + self.between).saturating_duration_since(now)),
        }
    }

    /// A frame was drawn.
    pub fn drawn(&mut self, now: Instant) {
        self.last = Some(now);
        self.wanted = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::clock::monotonic;

    #[test]
    fn data_waits_for_its_turn_and_a_key_does_not() {
        let start = monotonic();
        let mut pacing = Pacing::new(10);
        assert_eq!(pacing.due_in(start), None);
        pacing.want(Urgency::Data);
        assert_eq!(pacing.due_in(start), Some(Duration::ZERO));
        pacing.drawn(start);
        assert_eq!(pacing.due_in(start), None);
        pacing.want(Urgency::Data);
        assert_eq!(pacing.due_in(start + Duration::from_millis(40)), Some(Duration::from_millis(60)));
        pacing.want(Urgency::Input);
        pacing.want(Urgency::Data);
        assert_eq!(pacing.due_in(start), Some(Duration::ZERO));
    }
}
