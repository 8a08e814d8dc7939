//! Whether new containers answer as well as old ones. Pure.

use std::time::Duration;

/// What one side's answers were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// How long each good one took.
    pub took: Vec<Duration>,
    /// How many were errors: no answer, or a status of 500 and more.
    pub errors: u32,
}

/// A side is judged when it was asked so often.
const ENOUGH: usize = 5;
/// Errors that the new side may have more than the old, as a share of its answers.
const MORE_ERRORS: f64 = 0.01;
/// How much longer the new side may take at p95, by factor and at least.
const SLOWER: (u32, Duration) = (2, Duration::from_millis(100));

impl Answers {
    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.took.len() + self.errors as usize
    }

    /// Errors as a share of the answers, 0 to 1.
    pub fn error_share(&self) -> f64 {
        if self.asked() == 0 { 0.0 } else { f64::from(self.errors) / self.asked() as f64 }
    }

    /// The time within which 95 of 100 good answers came, by the nearest rank.
    pub fn p95(&self) -> Option<Duration> {
        let mut all = self.took.clone();
        all.sort_unstable();
        let rank = (all.len() * 95).div_ceil(100);
        all.get(rank.checked_sub(1)?).copied()
    }
}

/// Why the new side is worse, where it is.
pub fn worse(new: &Answers, old: &Answers) -> Option<String> {
    if new.asked() < ENOUGH {
        return None;
    }
    if new.error_share() > old.error_share() + MORE_ERRORS {
        return Some(format!(
            "{} of {} answers of the new containers were errors, of the old {} of {}",
            new.errors,
            new.asked(),
            old.errors,
            old.asked()
        ));
    }
    let (new, old) = (new.p95()?, old.p95()?);
    let bound = (old * SLOWER.0).max(old + SLOWER.1);
    (new > bound).then(|| {
        format!("the new containers take {} ms at p95, the old ones {} ms", new.as_millis(), old.as_millis())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(millis: u64, good: usize, errors: u32) -> Answers {
        Answers { took: vec![Duration::from_millis(millis); good], errors }
    }

    #[test]
    fn as_good_as_before_is_good_enough() {
        assert_eq!(worse(&answers(20, 50, 0), &answers(15, 50, 0)), None);
        assert_eq!(worse(&answers(90, 50, 0), &answers(10, 50, 0)), None, "a few milliseconds are noise");
        assert_eq!(worse(&answers(20, 40, 10), &answers(20, 40, 10)), None, "the old ones fail as often");
    }

    #[test]
    fn more_errors_and_longer_answers_are_told() {
        assert!(worse(&answers(20, 48, 2), &answers(20, 50, 0)).is_some_and(|it| it.contains("2 of 50")));
        assert!(worse(&answers(400, 50, 0), &answers(20, 50, 0)).is_some_and(|it| it.contains("400 ms")));
        assert!(worse(&answers(0, 0, 5), &answers(20, 50, 0)).is_some(), "no answer at all");
    }

    #[test]
    fn a_handful_of_answers_says_nothing() {
        assert_eq!(worse(&answers(0, 0, 4), &answers(20, 50, 0)), None);
    }
}
