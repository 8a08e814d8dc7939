//! Whether new containers answer as well as old ones. Pure.

use std::time::Duration;

use crate::domain::plan::act::Level;

/// What one side's answers were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// How many were good.
    pub good: u32,
    /// How long those took of which it is told.
    pub took: Vec<Duration>,
    /// How many were errors: no answer, or a status of 500 and more.
    pub errors: u32,
}

/// When enough is known to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enough {
    /// How many answers.
    pub asked: u32,
    /// How many errors it takes: one alone is an accident.
    pub errors: u32,
}

/// Errors that the new side may have more than the old, as a share of its answers.
const MORE_ERRORS: f64 = 0.01;
/// How much longer the new side may take at p95, by factor and at least.
const SLOWER: (u32, Duration) = (2, Duration::from_millis(100));

impl Answers {
    /// Takes a good one, with its time where that is told.
    pub fn well(&mut self, took: Option<Duration>) {
        self.good += 1;
        self.took.extend(took);
    }

    /// What they come to.
    pub fn level(&self) -> Level {
        Level { asked: self.good.saturating_add(self.errors), errors: self.errors, p95: self.p95() }
    }

    /// The time within which 95 of 100 good answers came, by the nearest rank.
    fn p95(&self) -> Option<Duration> {
        let mut all = self.took.clone();
        all.sort_unstable();
        let rank = (all.len() * 95).div_ceil(100);
        all.get(rank.checked_sub(1)?).copied()
    }
}

/// Why the new side is worse, where it is. Where a side tells no times, errors alone are compared.
pub fn worse(new: &Level, old: &Level, enough: Enough) -> Option<String> {
    if new.asked < enough.asked {
        return None;
    }
    if new.errors >= enough.errors && new.share() > old.share() + MORE_ERRORS {
        return Some(format!(
            "{} of {} answers are errors, before it were {} of {}",
            new.errors, new.asked, old.errors, old.asked
        ));
    }
    let (new, old) = (new.p95?, old.p95?);
    let bound = (old * SLOWER.0).max(old + SLOWER.1);
    (new > bound)
        .then(|| format!("it takes {} ms at p95, before it took {} ms", new.as_millis(), old.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Enough = Enough { asked: 5, errors: 2 };

    fn answers(millis: u64, good: usize, errors: u32) -> Level {
        let took = vec![Duration::from_millis(millis); good];
        Answers { good: u32::try_from(good).unwrap(), took, errors }.level()
    }

    #[test]
    fn as_good_as_before_is_good_enough() {
        assert_eq!(worse(&answers(20, 50, 0), &answers(15, 50, 0), ENOUGH), None);
        assert_eq!(worse(&answers(90, 50, 0), &answers(10, 50, 0), ENOUGH), None, "milliseconds are noise");
        assert_eq!(worse(&answers(20, 40, 10), &answers(20, 40, 10), ENOUGH), None, "it failed as often");
    }

    #[test]
    fn more_errors_and_longer_answers_are_told() {
        let old = answers(20, 50, 0);
        assert!(worse(&answers(20, 48, 2), &old, ENOUGH).is_some_and(|it| it.contains("2 of 50")));
        assert!(worse(&answers(400, 50, 0), &old, ENOUGH).is_some_and(|it| it.contains("400 ms")));
        assert!(worse(&answers(0, 0, 5), &old, ENOUGH).is_some(), "no answer at all");
    }

    #[test]
    fn a_handful_of_answers_or_a_single_error_says_nothing() {
        assert_eq!(worse(&answers(0, 0, 4), &answers(20, 50, 0), ENOUGH), None);
        assert_eq!(worse(&answers(20, 9, 1), &answers(20, 50, 0), ENOUGH), None);
    }
}
