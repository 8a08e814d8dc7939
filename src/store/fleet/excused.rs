//! What a check finds while its app is in maintenance is no surprise: the 503 that visitors get is what was
//! meant, and told as that.

use super::Fleet;
use super::apps::CHECKED;
use crate::domain::check::{CheckKind, CheckResult};
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::CheckId;
use crate::domain::time::Timestamp;

/// What is said of one that is not well again for a while, once its app is out of maintenance.
const AFTER: &str = "after maintenance: ";

impl Fleet {
    /// Takes down which apps are in maintenance now, and which were until now; to be called before anything is
    /// judged by it.
    pub(super) fn note_maintenance(&mut self, now: Timestamp) {
        for app in self.configured_apps.iter().filter(|app| app.proxied) {
            let on = |id| self.places.get(id).and_then(|at| self.servers.get(*at));
            let mut told = app.servers.iter().filter_map(on).map(|server| server.maintained(&app.id, now));
            if told.any(|it| matches!(it, Ok(Some(_)))) {
                self.in_maintenance.insert(app.id.clone(), None);
            } else if let Some(ended @ None) = self.in_maintenance.get_mut(&app.id) {
                *ended = Some(now);
            }
        }
        let excused = self.checks.iter().filter_map(|(id, reading)| {
            let (result, at) = reading.last.as_ref()?;
            self.excuse(id, result, *at).map(|_| id.clone())
        });
        let excused = excused.collect();
        if excused != self.excused {
            self.excused = excused;
            self.containers_changed = true;
        }
    }

    /// The verdict on a check in the light of its app's maintenance; `None` where that has no say.
    pub(super) fn excuse(&self, id: &CheckId, result: &CheckResult, at: Timestamp) -> Option<Verdict> {
        if result.kind != CheckKind::Http || result.verdict.health == Health::Up {
            return None;
        }
        let app = self.configured_apps.iter().find(|app| app.checks.contains(id))?;
        let ended = self.in_maintenance.get(&app.id)?;
        let shut = result.met_maintenance();
        let reason = &result.verdict.reason;
        let word = match ended {
            None if shut => CHECKED,
            // It was made before, and is well again only when it was so a few times.
            Some(ended) if shut && at <= *ended => AFTER,
            Some(_) if result.failures == 0 && self.excused.contains(id) => AFTER,
            _ => return None,
        };
        Some(Verdict::new(Health::Degraded, format!("{word}{reason}")))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::rules::sample::{NOW, container, setup, vitals};
    use super::*;
    use crate::domain::app::Maintained;
    use crate::domain::failure::{Failure, FailureKind};
    use crate::domain::ids::ServerId;
    use crate::domain::link::Link;
    use crate::domain::maintenance::{Mark, Notice};
    use crate::domain::setup::{AppSetup, Setup};

    fn fleet(servers: &[&str]) -> Fleet {
        let mut fleet = Fleet::default();
        let app = AppSetup {
            id: "shop".into(),
            project: "shop".into(),
            environment: None,
            servers: servers.iter().map(|&it| it.into()).collect(),
            checks: vec!["home".into()],
            proxied: true,
        };
        let servers = servers.iter().map(|it| setup(it)).collect();
        fleet.configure(&Setup { servers, apps: vec![app], ..Setup::default() });
        fleet
    }

    fn mark() -> Mark {
        let notice = Notice { reason: Some("moving".into()), retry_after: 120, message: None };
        Mark { since: Timestamp::from_secs(0), by: "ada@laptop".into(), run: "r".into(), notice }
    }

    /// All is well on a server, and its app is in maintenance or not.
    fn server(fleet: &mut Fleet, name: &str, on: bool, at: Timestamp) {
        let id = ServerId::from(name);
        fleet.link(&id, Link::Up, at);
        fleet.vitals(&id, vitals(), at);
        fleet.containers(&id, vec![container("shop-web-1")], at);
        fleet.maintenance(&id, vec![("shop".into(), Ok(on.then(mark)))], at);
    }

    fn check(fleet: &mut Fleet, status: &str, failures: u32, reason: &str, at: Timestamp) {
        let verdict =
            if reason.is_empty() { Verdict::up() } else { Verdict::new(Health::Down, reason.to_owned()) };
        let result = CheckResult {
            check: "home".into(),
            kind: CheckKind::Http,
            target: "https://shop.example".into(),
            from: None,
            verdict,
            latency: None,
            interval: Duration::from_secs(10),
            facts: vec![("status".to_owned(), status.to_owned())],
            figures: Vec::new(),
            failures,
            blocked_by: None,
        };
        fleet.check_result(result, at);
    }

    /// The problems, and what is said of the app and of the check.
    fn told(fleet: &mut Fleet, at: Timestamp) -> (Vec<String>, Verdict, Verdict) {
        fleet.refresh(at);
        let problems = fleet.problems().iter().map(|it| it.cause.clone()).collect();
        let app = fleet.app(&"shop".into()).unwrap().verdict.clone();
        (problems, app, fleet.check_verdict(&"home".into(), at))
    }

    fn verdict(health: Health, reason: &str) -> Verdict {
        Verdict::new(health, reason)
    }

    const ON: &str = "in maintenance since 1970-01-01 00:00Z by ada@laptop: moving";

    #[test]
    fn a_check_that_meets_maintenance_is_no_problem_until_it_finds_something_else() {
        let mut it = fleet(&["web-1"]);
        let at = |s: u64| NOW + Duration::from_secs(s);
        server(&mut it, "web-1", true, at(0));
        check(&mut it, "503", 3, "it answers 503, not 2xx", at(0));
        let said = verdict(Health::Degraded, "in maintenance: it answers 503, not 2xx");
        assert_eq!(told(&mut it, at(0)), (vec![], verdict(Health::Degraded, ON), said));
        // Nor is it one before it failed often enough to be one.
        let before = it.check(&"home".into()).unwrap().value().unwrap().clone();
        let unsettled = verdict(Health::Unknown, "failed 1 of 3 times: it answers 503, not 2xx");
        it.check_result(CheckResult { verdict: unsettled, failures: 1, ..before }, at(0));
        assert!(told(&mut it, at(0)).0.is_empty());
        // Whatever else it finds is one.
        check(&mut it, "502", 3, "it answers 502, not 2xx", at(1));
        let (problems, app, _) = told(&mut it, at(1));
        assert_eq!(problems, ["it answers 502, not 2xx"]);
        assert_eq!(app, verdict(Health::Down, &format!("{ON}; it answers 502, not 2xx")));
        // It is over: what was seen before it, and its getting well again, is no problem either.
        check(&mut it, "503", 4, "it answers 503, not 2xx", at(2));
        told(&mut it, at(2));
        server(&mut it, "web-1", false, at(4));
        let (problems, app, _) = told(&mut it, at(4));
        let said = "after maintenance: it answers 503, not 2xx";
        assert_eq!((problems, app), (vec![], verdict(Health::Degraded, said)));
        check(&mut it, "200", 0, "well again 1 of 2 times, was: it answers 503, not 2xx", at(6));
        assert!(told(&mut it, at(6)).0.is_empty());
        // But a 503 from now on is what it always is.
        check(&mut it, "503", 1, "it answers 503, not 2xx", at(8));
        assert_eq!(told(&mut it, at(8)).0, ["it answers 503, not 2xx"]);
    }

    #[test]
    fn what_is_not_known_is_told_and_excuses_nothing() {
        let mut it = fleet(&["web-1", "web-2"]);
        server(&mut it, "web-1", false, NOW);
        server(&mut it, "web-2", true, NOW);
        check(&mut it, "503", 3, "it answers 503, not 2xx", NOW);
        let (problems, app, _) = told(&mut it, NOW);
        assert!(problems.is_empty());
        let said = "in maintenance on web-2 alone since 1970-01-01 00:00Z by ada@laptop: moving";
        assert_eq!(app, verdict(Health::Degraded, said));
        let failure = Failure::new(FailureKind::Unreachable, "connect", "no route");
        it.link(&"web-2".into(), Link::Down { failure, next_try: None }, NOW);
        let later = NOW + Duration::from_secs(1);
        check(&mut it, "503", 4, "it answers 503, not 2xx", later + Duration::from_secs(1));
        told(&mut it, later);
        let app = it.app(&"shop".into()).unwrap();
        let unknown = vec![("web-2".into(), "it is not reached".to_owned())];
        assert_eq!(app.maintenance, Maintained::Unknown(unknown));
        assert!(it.problems().iter().any(|problem| problem.cause.contains("503")
            || problem.affects.contains(&crate::domain::problem::Target::Check("home".into()))));
    }
}
