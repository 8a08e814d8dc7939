//! What one attempt of a check found.

use std::time::Duration;

use crate::domain::condition::{Condition, Facts, GapKind, Truth};
use crate::domain::figure::Figure;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::ServerId;
use crate::domain::text::{clean, shorten};

/// The longest value of a fact, in characters.
const FACT: usize = 300;
/// The most facts that one attempt tells.
const FACTS: usize = 40;

/// One attempt. It starts out well and only ever gets worse.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Its verdict.
    pub verdict: Verdict,
    /// How long the target took, where it answered.
    pub latency: Option<Duration>,
    /// What else was read, label and value; clean and bounded.
    pub facts: Vec<(String, String)>,
    /// What was read of a datastore, as numbers.
    pub figures: Vec<(Figure, f64)>,
    /// The server whose missing connection kept it from looking.
    pub blocked_by: Option<ServerId>,
}

impl Attempt {
    /// A target that answered after so long.
    pub fn answered(latency: Duration) -> Self {
        Self {
            verdict: Verdict::up(),
            latency: Some(latency),
            facts: Vec::new(),
            figures: Vec::new(),
            blocked_by: None,
        }
    }

    /// A target that does not do what it is there for.
    pub fn down(reason: impl Into<String>) -> Self {
        Self {
            verdict: told(Health::Down, reason),
            latency: None,
            facts: Vec::new(),
            figures: Vec::new(),
            blocked_by: None,
        }
    }

    /// A look that did not happen.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            verdict: told(Health::Unknown, reason),
            latency: None,
            facts: Vec::new(),
            figures: Vec::new(),
            blocked_by: None,
        }
    }

    /// Adds a fact.
    pub fn fact(&mut self, label: impl Into<String>, value: impl AsRef<str>) {
        if self.facts.len() < FACTS {
            let value = shorten(&clean(value.as_ref()), FACT).into_owned();
            self.facts.push((label.into(), value));
        }
    }

    /// Adds a number that can be charted, where it is known.
    pub fn figure(&mut self, figure: Figure, value: Option<f64>) {
        self.figures.extend(value.map(|value| (figure, value)));
    }

    /// Takes a further finding: the worse verdict stands, the reasons of equally bad ones are told
    /// one after the other.
    pub fn find(&mut self, health: Health, reason: impl Into<String>) {
        let found = told(health, reason);
        if found.health > self.verdict.health {
            self.verdict = found;
        } else if found.health == self.verdict.health && health != Health::Up {
            let both = format!("{}; {}", self.verdict.reason, found.reason);
            self.verdict.reason = shorten(&both, FACT).into_owned();
        }
    }

    /// Judges a condition over what was read. A field that the answer does not have is the target's
    /// fault; one that was not read leaves the check unknown.
    pub fn judge(&mut self, condition: Option<&Condition>, facts: &dyn Facts) {
        match condition.map(|condition| condition.judge(facts)) {
            None | Some(Truth::True) => {}
            Some(Truth::False(reason)) => self.find(Health::Down, reason),
            Some(Truth::Unknown(gap)) => match gap.kind {
                GapKind::Absent => self.find(Health::Down, gap.reason),
                GapKind::Unread => self.find(Health::Unknown, gap.reason),
            },
        }
    }
}

fn told(health: Health, reason: impl Into<String>) -> Verdict {
    let reason = reason.into();
    Verdict::new(health, shorten(&clean(&reason), FACT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_stands_and_equals_are_all_told() {
        let mut attempt = Attempt::answered(Duration::ZERO);
        attempt.find(Health::Degraded, "slow");
        attempt.find(Health::Down, "wrong");
        attempt.find(Health::Degraded, "old");
        attempt.find(Health::Down, "late");
        assert_eq!(attempt.verdict, Verdict::new(Health::Down, "wrong; late"));
    }

    #[test]
    fn facts_are_clean_and_bounded() {
        let mut attempt = Attempt::answered(Duration::ZERO);
        for _ in 0..100 {
            attempt.fact("x", "\x1b[31m".repeat(1000));
        }
        assert_eq!(attempt.facts.len(), FACTS);
        assert!(attempt.facts.iter().all(|(_, v)| v.chars().count() <= FACT && !v.contains('\x1b')));
    }
}
