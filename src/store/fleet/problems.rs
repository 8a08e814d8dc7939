//! From findings to problems: each effect goes to its root cause, and each problem keeps the time
//! at which it began, or where that is not told, was first seen.

use std::collections::BTreeMap;

use super::causes::explains;
use super::finding::Finding;
use crate::domain::ids::ProblemId;
use crate::domain::problem::{Problem, Target};
use crate::domain::time::Timestamp;

/// Since when each finding is there, the explained ones too: an effect that outlives its cause is
/// not new.
#[derive(Clone, Debug, Default)]
pub struct Since {
    first_seen: BTreeMap<ProblemId, Timestamp>,
}

impl Since {
    /// Takes the findings of now: new ones begin when they say, or now; those that are gone are forgotten.
    pub fn observe(&mut self, findings: &[Finding], now: Timestamp) {
        let mut before = std::mem::take(&mut self.first_seen);
        for finding in findings {
            let since = before.remove(&finding.id).unwrap_or(now);
            // What begins anew within one that lasts does not make it younger.
            let since = finding.begun.map_or(since, |begun| begun.min(since));
            self.first_seen.insert(finding.id.clone(), since);
        }
    }

    fn of(&self, id: &ProblemId) -> Timestamp {
        self.first_seen.get(id).copied().unwrap_or_default()
    }
}

/// The problems, worst first, then newest. It does not matter in which order the findings come.
pub fn fold(mut findings: Vec<Finding>, since: &Since) -> Vec<Problem> {
    findings.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    findings.dedup_by(|a, b| a.id == b.id);
    // Causes stand before their effects, so the root of each cause is known when it is needed.
    let mut roots: Vec<usize> = Vec::with_capacity(findings.len());
    for (i, effect) in findings.iter().enumerate() {
        let cause = findings.iter().take(i).position(|cause| explains(cause, effect));
        roots.push(cause.and_then(|cause| roots.get(cause).copied()).unwrap_or(i));
    }
    let mut affects: Vec<Vec<Target>> = vec![Vec::new(); findings.len()];
    for (finding, root) in findings.iter().zip(&roots) {
        affects[*root].push(finding.target.clone());
        affects[*root].extend(finding.affects.iter().cloned());
    }
    let mut problems: Vec<_> = findings
        .into_iter()
        .zip(affects)
        .enumerate()
        .filter(|(i, _)| roots.get(*i) == Some(i))
        .map(|(_, (finding, mut affects))| {
            affects.sort();
            affects.dedup();
            affects.retain(|target| *target != finding.target);
            Problem {
                since: since.of(&finding.id),
                id: finding.id,
                target: finding.target,
                cause: finding.cause,
                severity: finding.severity,
                affects,
            }
        })
        .collect();
    problems.sort_by(|a, b| (b.severity, b.since, &a.id).cmp(&(a.severity, a.since, &b.id)));
    problems
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::causes::sample::{check_of, of, on};
    use super::super::finding::Kind;
    use super::*;
    use crate::domain::health::Health;

    fn any_finding() -> impl Strategy<Value = Finding> {
        const KINDS: &[Kind] = &[
            Kind::Link,
            Kind::DiskFull,
            Kind::Engine,
            Kind::Database,
            Kind::DatabaseCheck,
            Kind::Container,
            Kind::Missing,
            Kind::Unread,
            Kind::Limit,
            Kind::Unit,
            Kind::Check,
        ];
        let server = prop::sample::select(vec!["a", "b"]);
        let project = prop::option::of(prop::sample::select(vec!["shop", "blog"]));
        let severity = prop::sample::select(vec![Health::Unknown, Health::Degraded, Health::Down]);
        (server, prop::sample::select(KINDS), project, severity, 0u8..3).prop_map(
            |(server, kind, project, severity, n)| {
                let here = of(server, kind, project.unwrap_or("none"));
                let target = Target::Check(format!("{server}{kind:?}{n}").into());
                let id = format!("{}{n}", here.id).into();
                Finding { id, target, severity, project: project.map(str::to_owned), ..here }
            },
        )
    }

    proptest! {
        #[test]
        fn the_order_of_observations_does_not_matter(
            (findings, shuffled) in prop::collection::vec(any_finding(), 0..20)
                .prop_map(|mut all| { all.sort_by(|a, b| a.id.cmp(&b.id)); all.dedup_by(|a, b| a.id == b.id); all })
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            let mut since = Since::default();
            since.observe(&findings, Timestamp::from_secs(1));
            prop_assert_eq!(fold(findings, &since), fold(shuffled, &since));
        }

        #[test]
        fn every_finding_is_a_problem_or_affected_by_one(findings in prop::collection::vec(any_finding(), 0..20)) {
            let problems = fold(findings.clone(), &Since::default());
            for finding in &findings {
                let said = problems.iter().any(|p| p.target == finding.target || p.affects.contains(&finding.target));
                prop_assert!(said, "{} is lost", finding.id);
            }
            prop_assert!(problems.is_sorted_by(|a, b| a.severity >= b.severity));
        }
    }

    #[test]
    fn a_lost_server_swallows_thirty_alarms() {
        let mut findings: Vec<_> = (0..30)
            .map(|n| Finding {
                id: format!("c{n}").into(),
                target: Target::Check(format!("c{n}").into()),
                ..check_of("web-1", "shop")
            })
            .collect();
        findings.push(on("web-1", Kind::Link));
        let problems = fold(findings, &Since::default());
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].affects.len(), 30);
    }

    #[test]
    fn an_effect_goes_to_the_root_and_not_to_what_is_between() {
        let findings = vec![
            check_of("web-1", "shop"),
            of("web-1", Kind::Container, "shop"),
            on("web-1", Kind::DiskFull),
        ];
        let problems = fold(findings, &Since::default());
        assert_eq!(problems.iter().map(|p| p.cause.as_str()).collect::<Vec<_>>(), ["DiskFull"]);
    }

    #[test]
    fn a_problem_is_as_old_as_it_says() {
        let mut down = of("web-1", Kind::Container, "shop");
        let mut since = Since::default();
        let mut told = |begun, now| {
            down.begun = Some(Timestamp::from_secs(begun));
            since.observe(std::slice::from_ref(&down), Timestamp::from_secs(now));
            fold(vec![down.clone()], &since)[0].since
        };
        assert_eq!(told(5, 100), Timestamp::from_secs(5), "it began before anybody looked");
        assert_eq!(told(90, 101), Timestamp::from_secs(5), "it ended once more");
        since.observe(&[], Timestamp::from_secs(102));
        let mut told = |begun, now| {
            down.begun = Some(Timestamp::from_secs(begun));
            since.observe(std::slice::from_ref(&down), Timestamp::from_secs(now));
            fold(vec![down.clone()], &since)[0].since
        };
        assert_eq!(
            told(900, 103),
            Timestamp::from_secs(103),
            "by a clock that is ahead it has not begun yet"
        );
    }

    #[test]
    fn a_problem_keeps_the_time_at_which_it_was_first_seen() {
        let disk = on("web-1", Kind::DiskFull);
        let container = of("web-1", Kind::Container, "shop");
        let mut since = Since::default();
        since.observe(&[disk.clone(), container.clone()], Timestamp::from_secs(1));
        since.observe(std::slice::from_ref(&container), Timestamp::from_secs(9));
        assert_eq!(fold(vec![container.clone()], &since)[0].since, Timestamp::from_secs(1));
        since.observe(&[], Timestamp::from_secs(10));
        since.observe(std::slice::from_ref(&container), Timestamp::from_secs(11));
        assert_eq!(fold(vec![container], &since)[0].since, Timestamp::from_secs(11));
    }
}
