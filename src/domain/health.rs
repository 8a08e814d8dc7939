//! The folded verdict, and how verdicts fold. Unknown is never better than what is known.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The verdict, in the order of how much it calls for someone: `Up < Unknown < Degraded < Down`.
/// Unknown stands above up, so that a fleet with one unread server is not shown as up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Everything that was asked was answered, and is well.
    Up,
    /// It could not be read, or not yet.
    #[default]
    Unknown,
    /// It works, but a threshold is passed or a part is down.
    Degraded,
    /// It does not do what it is there for.
    Down,
}

impl Health {
    /// The word on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A verdict with its reason; a verdict other than up always has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The verdict.
    pub health: Health,
    /// Why, in one line; empty only where all is well.
    pub reason: String,
}

impl Verdict {
    /// All is well.
    pub fn up() -> Self {
        Self { health: Health::Up, reason: String::new() }
    }

    /// Anything else, with why.
    pub fn new(health: Health, reason: impl Into<String>) -> Self {
        Self { health, reason: reason.into() }
    }

    /// The worst of several, with the reason of the first that is so bad. Of nothing, unknown:
    /// what nobody looked at is not well.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts
            .into_iter()
            .reduce(|a, b| if b.health > a.health { b } else { a })
            .unwrap_or_else(|| Self::new(Health::Unknown, "nothing was observed yet"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_health() -> impl Strategy<Value = Health> {
        prop::sample::select(vec![Health::Up, Health::Unknown, Health::Degraded, Health::Down])
    }

    proptest! {
        #[test]
        fn folding_is_commutative(all in prop::collection::vec(any_health(), 0..8)) {
            let fold = |it: &[Health]| Verdict::worst(it.iter().map(|h| Verdict::new(*h, "x"))).health;
            let mut reversed = all.clone();
            reversed.reverse();
            prop_assert_eq!(fold(&all), fold(&reversed));
        }
    }

    #[test]
    fn nothing_observed_is_unknown() {
        assert_eq!(Verdict::worst([]).health, Health::Unknown);
    }

    #[test]
    fn one_unread_part_keeps_the_whole_from_being_up() {
        let all = [Verdict::up(), Verdict::new(Health::Unknown, "no answer"), Verdict::up()];
        assert_eq!(Verdict::worst(all), Verdict::new(Health::Unknown, "no answer"));
    }
}
