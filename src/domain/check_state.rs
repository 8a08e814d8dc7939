//! From attempts to a verdict: how many failures in a row make a check fail, and how many successes
//! make it well again.

use super::health::{Health, Verdict};

/// How patient a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Failing attempts in a row that make it fail, at least one.
    pub fail_after: u32,
    /// Good attempts in a row that make it well again, at least one.
    pub recover_after: u32,
}

/// Where a check stands between its attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckState {
    /// The last verdict that the attempts settled on: up, degraded or down.
    settled: Option<Verdict>,
    /// Failing attempts in a row.
    failures: u32,
    /// Good attempts in a row since it failed.
    successes: u32,
}

impl CheckState {
    /// Failing attempts in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes the verdict of one attempt and gives that of the check. An attempt that could not look
    /// makes the check unknown at once and counts neither way.
    pub fn observe(&mut self, attempt: Verdict, patience: Patience) -> Verdict {
        match attempt.health {
            Health::Unknown => attempt,
            Health::Up => self.good(attempt, patience.recover_after.max(1)),
            Health::Degraded | Health::Down => self.bad(attempt, patience.fail_after.max(1)),
        }
    }

    fn good(&mut self, attempt: Verdict, needed: u32) -> Verdict {
        self.failures = 0;
        self.successes = self.successes.saturating_add(1);
        match &self.settled {
            Some(settled) if settled.health != Health::Up && self.successes < needed => {
                let reason =
                    format!("well again {} of {needed} times, was: {}", self.successes, settled.reason);
                Verdict::new(settled.health, reason)
            }
            _ => {
                self.settled = Some(attempt.clone());
                attempt
            }
        }
    }

    fn bad(&mut self, attempt: Verdict, needed: u32) -> Verdict {
        self.successes = 0;
        self.failures = self.failures.saturating_add(1);
        let already = self.settled.as_ref().is_some_and(|settled| settled.health != Health::Up);
        if already || self.failures >= needed {
            self.settled = Some(attempt.clone());
            return attempt;
        }
        let reason = format!("failed {} of {needed} times: {}", self.failures, attempt.reason);
        // What never was well is not shown as well while it fails.
        let health = self.settled.as_ref().map_or(Health::Unknown, |settled| settled.health);
        Verdict::new(health, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATIENCE: Patience = Patience { fail_after: 3, recover_after: 2 };

    fn run(attempts: &[Health]) -> Vec<Health> {
        let mut state = CheckState::default();
        attempts.iter().map(|health| state.observe(verdict(*health), PATIENCE).health).collect()
    }

    fn verdict(health: Health) -> Verdict {
        if health == Health::Up { Verdict::up() } else { Verdict::new(health, health.word()) }
    }

    #[test]
    fn it_fails_after_three_and_recovers_after_two() {
        use Health::{Down, Up};
        assert_eq!(
            run(&[Up, Down, Down, Up, Down, Down, Down, Up, Down, Up, Up]),
            [Up, Up, Up, Up, Up, Up, Down, Down, Down, Down, Up]
        );
    }

    #[test]
    fn what_never_was_well_is_unknown_until_it_fails() {
        use Health::{Down, Unknown};
        assert_eq!(run(&[Down, Down, Down]), [Unknown, Unknown, Down]);
    }

    #[test]
    fn an_attempt_that_could_not_look_counts_neither_way() {
        use Health::{Degraded, Down, Unknown, Up};
        assert_eq!(run(&[Up, Down, Unknown, Down, Down]), [Up, Up, Unknown, Up, Down]);
        assert_eq!(run(&[Down, Down, Down, Up, Unknown, Up]), [Unknown, Unknown, Down, Down, Unknown, Up]);
        assert_eq!(run(&[Up, Degraded, Degraded, Degraded, Down]), [Up, Up, Up, Degraded, Down]);
    }

    #[test]
    fn the_reason_counts() {
        let mut state = CheckState::default();
        state.observe(Verdict::up(), PATIENCE);
        let verdict = state.observe(Verdict::new(Health::Down, "refused"), PATIENCE);
        assert_eq!(verdict.reason, "failed 1 of 3 times: refused");
    }

    proptest! {
        #[test]
        fn enough_failures_always_tell(
            before in prop::collection::vec(0u8..4, 0..20),
            fail_after in 1u32..5,
            recover_after in 1u32..5,
        ) {
            let patience = Patience { fail_after, recover_after };
            let mut state = CheckState::default();
            for n in before {
                let attempt = [Health::Up, Health::Unknown, Health::Degraded, Health::Down][usize::from(n)];
                let told = state.observe(verdict(attempt), patience);
                prop_assert!(told.health == Health::Up || !told.reason.is_empty());
                prop_assert!(attempt != Health::Unknown || told.health == Health::Unknown);
            }
            for n in 1..=fail_after {
                let told = state.observe(verdict(Health::Down), patience);
                prop_assert!(n < fail_after || told.health == Health::Down);
            }
            for n in 1..=recover_after {
                let told = state.observe(verdict(Health::Up), patience);
                prop_assert_eq!(told.health == Health::Up, n >= recover_after);
            }
        }
    }
}
