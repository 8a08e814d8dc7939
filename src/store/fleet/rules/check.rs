//! A check does not pass, or is not made any more. Checks belong to no server, so this rule is
//! asked for each check and not for each server.

use crate::domain::check::{CheckKind, CheckResult};
use crate::domain::health::Health;
use crate::domain::problem::Target;
use crate::domain::reading::{Freshness, Reading};
use crate::domain::setup::AppSetup;
use crate::domain::time::{Age, Timestamp};
use crate::store::fleet::finding::{Finding, Kind};

/// What is wrong with a check; `apps` are the configured ones, which say what a check looks at.
pub fn find(reading: &Reading<CheckResult>, apps: &[AppSetup], now: Timestamp) -> Option<Finding> {
    let result = reading.value()?;
    let (severity, cause) = match reading.freshness(now, result.interval) {
        Freshness::Fresh if result.verdict.health == Health::Up => return None,
        Freshness::Fresh => (result.verdict.health, result.verdict.reason.clone()),
        Freshness::Stale(age) => (Health::Unknown, format!("was last made {} ago", Age(age))),
        Freshness::Never => return None,
    };
    let app = apps.iter().find(|app| app.checks.contains(&result.check));
    let database = matches!(result.kind, CheckKind::Postgres | CheckKind::Redis);
    Some(Finding {
        id: format!("check:{}", result.check).into(),
        kind: if database && severity == Health::Down { Kind::DatabaseCheck } else { Kind::Check },
        target: Target::Check(result.check.clone()),
        server: result.blocked_by.clone().or_else(|| result.from.clone()),
        project: app.map(|app| app.project.clone()),
        project_servers: app.map(|app| app.servers.clone()).unwrap_or_default(),
        check: Some(result.kind),
        cause,
        severity,
        affects: Vec::new(),
        begun: None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::health::Verdict;

    const NOW: Timestamp = Timestamp::from_secs(1000);

    #[test]
    fn a_check_that_is_not_made_any_more_is_unknown_even_if_it_passed() {
        let mut reading = Reading::default();
        let result = CheckResult {
            check: "shop".into(),
            kind: CheckKind::Http,
            target: "https://shop.example".into(),
            from: None,
            verdict: Verdict::up(),
            latency: None,
            interval: Duration::from_secs(10),
            facts: Vec::new(),
            figures: Vec::new(),
            failures: 0,
            blocked_by: None,
        };
        assert_eq!(find(&reading, &[], NOW), None);
        reading.succeed(result, NOW);
        assert_eq!(find(&reading, &[], NOW), None);
        let late = find(&reading, &[], NOW + Duration::from_secs(31)).unwrap();
        assert_eq!((late.severity, late.cause.as_str()), (Health::Unknown, "was last made 31s ago"));
    }
}
