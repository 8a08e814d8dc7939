//! What the answers of an app's own checks come to: while they are waited for, and while a release is
//! watched. Pure.

use std::collections::BTreeMap;

use crate::domain::checking::{Answer, AppCheck};
use crate::domain::health::Health;
use crate::domain::ids::CheckId;

/// The checks that are waited for until each was up once.
#[derive(Clone, Debug)]
pub struct Asking {
    waiting: Vec<(CheckId, String)>,
    passed_over: Vec<String>,
    up: usize,
}

impl Asking {
    /// None of them was asked yet.
    pub fn new(checks: &[AppCheck]) -> Self {
        let waiting = checks.iter().map(|it| (it.check.clone(), "it was not asked yet".to_owned()));
        Self { waiting: waiting.collect(), passed_over: Vec::new(), up: 0 }
    }

    /// Those that are still to be asked.
    pub fn waiting(&self) -> Vec<CheckId> {
        self.waiting.iter().map(|(check, _)| check.clone()).collect()
    }

    /// Takes an answer; `None` of a check that this console does not have.
    pub fn take(&mut self, check: &CheckId, answer: Option<Answer>) {
        let Some(at) = self.waiting.iter().position(|(it, _)| it == check) else { return };
        match answer {
            Some(Answer::Not(verdict)) => {
                if let Some((_, why)) = self.waiting.get_mut(at) {
                    *why = format!("{} ({})", verdict.health.word(), verdict.reason);
                }
                return;
            }
            Some(Answer::Up) => self.up += 1,
            Some(Answer::Excused(says)) => self.passed_over.push(format!("{check} is passed over: {says}")),
            None => self.passed_over.push(format!("{check} is passed over: it is not configured here")),
        }
        self.waiting.remove(at);
    }

    /// What is missing, the first of it first; `None` where nothing is.
    pub fn lacks(&self) -> Option<String> {
        let told = self.waiting.iter().map(|(check, why)| format!("the check {check} is {why}"));
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// What is told where nothing is missing.
    pub fn says(&self) -> String {
        let up = (self.up > 0).then(|| format!("{} up", self.up));
        up.into_iter().chain(self.passed_over.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}

/// What fails several times in a row while a release is watched: an attempt that fails once is no failure
/// yet, and one that could not look counts neither way.
#[derive(Clone, Debug, Default)]
pub struct Streaks {
    failing: BTreeMap<String, (u32, String)>,
    unseen: BTreeMap<String, String>,
}

impl Streaks {
    /// Takes an attempt of something by its name; why that is a failure, where it is the `fail_after`th in a
    /// row.
    pub fn failed(&mut self, name: &str, why: &str, fail_after: u32) -> Option<String> {
        let (times, said) = self.failing.entry(name.to_owned()).or_default();
        *times += 1;
        why.clone_into(said);
        (*times >= fail_after.max(1)).then(|| match times {
            1 => format!("{name} {why}"),
            times => format!("{name} {why}, {times} times in a row"),
        })
    }

    /// It was good.
    pub fn well(&mut self, name: &str) {
        self.failing.remove(name);
        self.unseen.remove(name);
    }

    /// Takes the answer of a check; why that is a failure, where it is.
    pub fn take(&mut self, check: &AppCheck, answer: Option<Answer>) -> Option<String> {
        let name = format!("the check {}", check.check);
        match answer {
            Some(Answer::Not(verdict)) if verdict.health == Health::Unknown => {
                self.unseen.insert(name, verdict.reason);
                None
            }
            Some(Answer::Not(verdict)) => {
                let why = format!("is {} ({})", verdict.health.word(), verdict.reason);
                self.failed(&name, &why, check.fail_after)
            }
            Some(Answer::Up | Answer::Excused(_)) | None => {
                self.well(&name);
                None
            }
        }
    }

    /// Whether something failed the last time that it was asked.
    pub fn is_unsettled(&self) -> bool {
        !self.failing.is_empty()
    }

    /// What failed the last time; what could not be looked at, where nothing did.
    pub fn says(&self) -> Option<String> {
        let failing = self.failing.iter().map(|(name, (_, why))| format!("{name} {why}"));
        let unseen = self.unseen.iter().map(|(name, why)| format!("{name} could not be made ({why})"));
        let told: Vec<String> = failing.chain(unseen).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::health::Verdict;

    fn check(name: &str, fail_after: u32) -> AppCheck {
        AppCheck { check: name.into(), fail_after }
    }

    fn not(health: Health, why: &str) -> Answer {
        Answer::Not(Verdict::new(health, why.to_owned()))
    }

    #[test]
    fn each_is_waited_for_until_it_was_up_once() {
        let mut asking = Asking::new(&[check("api", 3), check("home", 3)]);
        assert!(asking.lacks().is_some(), "what was not asked is not up");
        asking.take(&"api".into(), Some(Answer::Up));
        asking.take(&"home".into(), Some(not(Health::Down, "it answers 502, not 2xx")));
        assert_eq!(asking.waiting(), ["home".into()]);
        assert_eq!(asking.lacks().unwrap(), "the check home is down (it answers 502, not 2xx)");
        asking.take(&"home".into(), Some(not(Health::Unknown, "no connection to web-1")));
        assert_eq!(asking.lacks().unwrap(), "the check home is unknown (no connection to web-1)");
        asking.take(&"home".into(), Some(Answer::Up));
        assert_eq!((asking.lacks(), asking.says().as_str()), (None, "2 up"));
    }

    #[test]
    fn maintenance_and_a_check_of_another_console_are_passed_over_and_told() {
        let mut asking = Asking::new(&[check("api", 3), check("home", 3)]);
        asking.take(&"api".into(), None);
        asking.take(&"home".into(), Some(Answer::Excused("in maintenance since noon".into())));
        assert_eq!(asking.lacks(), None);
        assert_eq!(
            asking.says(),
            "api is passed over: it is not configured here; home is passed over: in maintenance since noon"
        );
    }

    #[test]
    fn a_watched_check_fails_when_it_failed_often_enough_in_a_row() {
        let (mut streaks, home) = (Streaks::default(), check("home", 3));
        let down = || Some(not(Health::Down, "it answers 502"));
        assert_eq!(streaks.take(&home, down()), None);
        assert_eq!(streaks.take(&home, down()), None);
        assert_eq!(streaks.take(&home, Some(Answer::Up)), None);
        assert!(!streaks.is_unsettled());
        assert_eq!(streaks.take(&home, down()), None);
        assert_eq!(
            streaks.take(&home, Some(not(Health::Unknown, "no connection"))),
            None,
            "it counts neither way"
        );
        assert_eq!(streaks.take(&home, down()), None);
        assert!(streaks.is_unsettled() && streaks.says().unwrap().contains("502"));
        assert_eq!(
            streaks.take(&home, down()).unwrap(),
            "the check home is down (it answers 502), 3 times in a row"
        );
    }

    #[test]
    fn what_could_not_be_looked_at_is_told() {
        let (mut streaks, home) = (Streaks::default(), check("home", 1));
        assert_eq!(streaks.take(&home, Some(not(Health::Unknown, "no route"))), None);
        assert_eq!(streaks.says().unwrap(), "the check home could not be made (no route)");
        assert_eq!(
            streaks.take(&home, Some(not(Health::Degraded, "slow"))).unwrap(),
            "the check home is degraded (slow)"
        );
    }
}
