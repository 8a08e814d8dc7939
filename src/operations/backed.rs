//! Whether the data of an app is backed up before it is deployed.

use super::facts::AppFacts;
use crate::domain::deploy::{AppSpec, Backed};
use crate::domain::failure::Failure;
use crate::domain::plan::{Finding, Judgement};
use crate::domain::time::{Age, Timestamp};

/// What is found of each of its datastores. With a reason, it is overridden.
pub(super) fn findings(spec: &AppSpec, facts: &AppFacts, overridden: bool) -> Vec<Finding> {
    let finding = |it: &Backed| {
        let (good, found) = judged(it, facts.backups.get(&it.datastore), facts.as_of);
        let judgement = match (good, overridden) {
            (true, _) => Judgement::Good,
            (false, true) => Judgement::Overridden,
            (false, false) => Judgement::Refused,
        };
        Finding {
            check: "backup".to_owned(),
            server: None,
            judgement,
            found,
            remedy: (!good).then(|| format!("back it up: midwatch backup {}", it.datastore)),
            may_override: true,
        }
    };
    spec.backups.iter().map(finding).collect()
}

/// Whether it is good, and what is said of it.
fn judged(it: &Backed, last: Option<&Result<Option<Timestamp>, Failure>>, now: Timestamp) -> (bool, String) {
    let name = &it.datastore;
    match last {
        Some(Ok(Some(at))) => {
            let age = at.age(now);
            let found =
                format!("the last backup of {name} is {} old, of at most {}", Age(age), Age(it.max_age));
            (age <= it.max_age, found)
        }
        Some(Ok(None)) => (false, format!("{name} was never backed up")),
        Some(Err(failure)) => {
            (false, format!("the backups of {name} could not be looked at: {}", failure.reason()))
        }
        None => (false, format!("the backups of {name} were not looked at")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deploy::Strategy;
    use crate::domain::failure::FailureKind;
    use crate::operations::sample;
    use std::time::Duration;

    fn judgement(last: Option<Result<Option<i64>, Failure>>, overridden: bool) -> Judgement {
        let backed = Backed {
            datastore: "shop-db".into(),
            repository: "main".into(),
            max_age: Duration::from_secs(3600),
        };
        let spec = AppSpec { backups: vec![backed], ..sample::spec(&["web-1"], Strategy::Recreate) };
        let mut facts = sample::facts(Vec::new());
        facts.as_of = Timestamp::from_secs(10_000);
        let last = last.map(|last| last.map(|at| at.map(Timestamp::from_secs)));
        facts.backups.extend(last.map(|last| ("shop-db".into(), last)));
        findings(&spec, &facts, overridden)[0].judgement
    }

    #[test]
    fn a_young_backup_alone_is_good() {
        assert_eq!(judgement(Some(Ok(Some(6400))), false), Judgement::Good);
        assert_eq!(judgement(Some(Ok(Some(6399))), false), Judgement::Refused);
        assert_eq!(judgement(Some(Ok(None)), false), Judgement::Refused);
        let lost = Failure::new(FailureKind::NotFound, "open it", "it is not mounted");
        assert_eq!(judgement(Some(Err(lost)), false), Judgement::Refused);
        assert_eq!(judgement(None, false), Judgement::Refused, "what nobody looked at is not good");
    }

    #[test]
    fn a_reason_goes_on_without() {
        assert_eq!(judgement(Some(Ok(None)), true), Judgement::Overridden);
    }
}
