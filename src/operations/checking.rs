//! Which of an app's own checks a change goes by: those that were up before it. One that was not cannot
//! tell the new release from the old one; that is said, and it stands in nobody's way.

use std::collections::BTreeSet;

use super::facts::{AppFacts, CheckFacts};
use super::numbering::Numbers;
use super::steps::{expected, stage};
use super::work::Work;
use crate::domain::checking::{Answer, AppCheck};
use crate::domain::deploy::AppSpec;
use crate::domain::ids::{CheckId, ServerId};
use crate::domain::plan::act::Expected;
use crate::domain::plan::{Act, Finding, Judgement, Stage, Step};
use crate::domain::release::ReleaseNumber;

/// The checks that a plan goes by.
pub(super) struct Checking<'a> {
    /// Those that were up, with the server that each looks from.
    own: Vec<(&'a CheckFacts, AppCheck)>,
    /// The servers that are changed: what looks from one of them is asked once that one is.
    servers: BTreeSet<&'a ServerId>,
    findings: Vec<Finding>,
}

impl<'a> Checking<'a> {
    pub(super) fn of(spec: &AppSpec, facts: &'a AppFacts, servers: &'a [ServerId]) -> Self {
        let servers: BTreeSet<&ServerId> = servers.iter().collect();
        let elsewhere = |it: &CheckFacts| {
            it.check.from.as_ref().is_some_and(|from| spec.servers.contains(from) && !servers.contains(from))
        };
        let (mut own, mut findings) = (Vec::new(), Vec::new());
        for it in &facts.checks {
            let id = &it.check.id;
            let noted = match &it.answer {
                // It says how the app is where it is not changed.
                _ if elsewhere(it) => {
                    let from = it.check.from.as_ref().map(ServerId::as_str).unwrap_or_default();
                    format!("{id} looks from {from}, which is not changed: it is not asked")
                }
                Answer::Up => {
                    let check = AppCheck { check: id.clone(), fail_after: it.check.fail_after };
                    own.push((it, check));
                    continue;
                }
                Answer::Excused(says) => format!("{id} is not asked: {says}"),
                Answer::Not(verdict) => format!(
                    "{id} is {} before anything is changed ({}): it cannot tell, and is not asked",
                    verdict.health.word(),
                    verdict.reason
                ),
            };
            findings.push(finding(Judgement::Noted, noted));
        }
        if !own.is_empty() {
            let names = listed(own.iter().map(|(_, check)| &check.check));
            let are = if own.len() == 1 { "is up, and has" } else { "are up, and have" };
            findings.insert(0, finding(Judgement::Good, format!("{names} {are} to be afterwards")));
        }
        Self { own, servers, findings }
    }

    /// What was found, for the plan.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.findings.clone()
    }

    /// Those that look from a server that is changed.
    fn on(&self, server: &ServerId) -> Vec<AppCheck> {
        let own = self.own.iter().filter(|(it, _)| it.check.from.as_ref() == Some(server));
        own.map(|(_, check)| check.clone()).collect()
    }

    /// Those that look from elsewhere: from the console, or a server that has nothing to do with it.
    fn whole(&self) -> Vec<AppCheck> {
        let changed =
            |it: &CheckFacts| it.check.from.as_ref().is_some_and(|from| self.servers.contains(from));
        self.own.iter().filter(|(it, _)| !changed(it)).map(|(_, check)| check.clone()).collect()
    }

    /// Asks those of a server, once its containers serve.
    pub(super) fn step(
        &self,
        numbers: &mut Numbers,
        spec: &AppSpec,
        work: &Work,
        release: ReleaseNumber,
    ) -> Option<Step> {
        step(numbers, spec, expected(work).pop()?, release, self.on(&work.server))
    }

    /// Asks all of them, once services that stood before run again; `blamed` is what fails with them.
    pub(super) fn again(
        &self,
        numbers: &mut Numbers,
        spec: &AppSpec,
        blamed: Expected,
        release: ReleaseNumber,
    ) -> Option<Step> {
        step(numbers, spec, blamed, release, self.own.iter().map(|(_, check)| check.clone()).collect())
    }

    /// Asks those of the whole app, once some servers are changed.
    pub(super) fn stage(
        &self,
        numbers: &mut Numbers,
        spec: &AppSpec,
        work: &[Work],
        release: ReleaseNumber,
    ) -> Option<Stage> {
        let first = work.iter().position(|it| !expected(it).is_empty())?;
        let work = work.get(first..=first)?;
        let asked = stage("ask the app's checks", work, |it| {
            let blamed = expected(it).pop();
            blamed.and_then(|it| step(numbers, spec, it, release, self.whole())).into_iter().collect()
        });
        (!asked.lanes.is_empty()).then_some(asked)
    }

    /// Those that are asked in a server's lane while the release is watched: its own, and in the `first`
    /// one those of the whole app.
    pub(super) fn watched(&self, server: &ServerId, first: bool) -> Vec<AppCheck> {
        let whole = if first { self.whole() } else { Vec::new() };
        self.on(server).into_iter().chain(whole).collect()
    }
}

fn step(
    numbers: &mut Numbers,
    spec: &AppSpec,
    // What is asked of is most likely behind the proxy, or the last to be replaced.
    blamed: Expected,
    release: ReleaseNumber,
    checks: Vec<AppCheck>,
) -> Option<Step> {
    if checks.is_empty() {
        return None;
    }
    let names = listed(checks.iter().map(|it| &it.check));
    let title = match checks.len() {
        1 => format!("wait until the check {names} is up"),
        _ => format!("wait until the checks {names} are up"),
    };
    let act = Act::Checks { release, service: blamed.service, names: blamed.names, checks };
    Some(numbers.step(title, act, spec.gate.deadline))
}

fn listed<'n>(names: impl Iterator<Item = &'n CheckId>) -> String {
    names.map(CheckId::as_str).collect::<Vec<_>>().join(", ")
}

fn finding(judgement: Judgement, found: String) -> Finding {
    Finding { check: "checks".to_owned(), server: None, judgement, found, remedy: None, may_override: false }
}
