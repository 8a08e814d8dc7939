//! The steps that several operations are made of.

use std::time::Duration;

use super::beside::Beside;
use super::checking::Checking;
use super::facts::ServerFacts;
use super::numbering::Numbers;
use super::work::Work;
use crate::domain::deploy::{AppSpec, Gate, HookPoint, HttpProbe};
use crate::domain::plan::act::Expected;
use crate::domain::plan::{Act, Lane, Stage, Step};
use crate::domain::release::ReleaseNumber;

/// How long Compose may take for what needs no network.
pub(super) const COMPOSE: Duration = Duration::from_secs(60);
/// How long a pull may take.
pub(super) const PULL: Duration = Duration::from_secs(1800);
/// How long replacing containers may take, beside the gate: each has its own time to stop.
pub(super) const REPLACE: Duration = Duration::from_secs(300);
/// How long a command of the operator's may take.
pub(super) const HOOK: Duration = Duration::from_secs(3600);

pub(super) fn stage(title: &str, work: &[Work], mut steps: impl FnMut(&Work) -> Vec<Step>) -> Stage {
    let lanes = work.iter().map(|it| Lane { server: it.server.clone(), steps: steps(it) });
    Stage {
        title: title.to_owned(),
        lanes: lanes.filter(|lane| !lane.steps.is_empty()).collect(),
        tidies: false,
        only_after: Vec::new(),
    }
}

pub(super) fn hooks(numbers: &mut Numbers, spec: &AppSpec, when: HookPoint) -> Vec<Step> {
    let hooks = spec.hooks.iter().filter(|hook| hook.when == when && !hook.here);
    hooks
        .map(|hook| numbers.step(hook.name.clone(), Act::Hook { command: hook.command.clone() }, HOOK))
        .collect()
}

pub(super) fn gate(
    numbers: &mut Numbers,
    gate: &Gate,
    release: Option<ReleaseNumber>,
    services: Vec<Expected>,
) -> Step {
    let names: Vec<&str> = services.iter().map(|expected| expected.service.as_str()).collect();
    let probe = asked(gate, &services);
    let by = probe.as_ref().map(|probe| format!(" (without a health check: {})", probe.says()));
    let title = format!("wait until {} is good{}", names.join(", "), by.unwrap_or_default());
    let act = Act::Gate { release, services, steady: gate.steady, probe };
    numbers.step(title, act, gate.deadline)
}

/// What containers without a health check are asked, where one of these services is.
pub(super) fn asked(gate: &Gate, services: &[Expected]) -> Option<HttpProbe> {
    gate.probe.clone().filter(|probe| services.iter().any(|it| probe.asks(&it.service)))
}

/// What is in the way of new containers beside the old ones, or of Compose counting them.
pub(super) fn clear(numbers: &mut Numbers, work: &Work) -> Option<Step> {
    let containers: Vec<String> = work.idle.iter().map(|it| it.id.as_str().to_owned()).collect();
    let names: Vec<&str> = work.idle.iter().map(|it| it.name.as_str()).collect();
    (!containers.is_empty()).then(|| {
        let act = Act::Retire { containers, drain: Duration::ZERO };
        numbers.step(format!("remove {}, which serves nothing", names.join(", ")), act, REPLACE)
    })
}

/// A release's containers on one server, good: those beside the old ones first, then those in their
/// place, then the requests; those go first to what runs already. Then the checks that look from there.
pub(super) fn apply(
    numbers: &mut Numbers,
    spec: &AppSpec,
    checking: &Checking<'_>,
    work: &Work,
    release: ReleaseNumber,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(beside) = &work.beside {
        steps.extend(beside.make(numbers, spec, release));
        if beside.is_warm() {
            steps.extend(beside.route(numbers, spec, release));
        }
    }
    let services: Vec<String> = work.services.iter().map(|expected| expected.service.clone()).collect();
    if !services.is_empty() {
        let what = services.join(", ");
        let (replaces, ports) = (work.replaces.clone(), work.ports.clone());
        let act = Act::Up { release, services, replaces, ports, scale: work.scale.clone() };
        steps.push(numbers.step(format!("replace {what}"), act, REPLACE));
        steps.push(gate(numbers, &spec.gate, Some(release), work.services.clone()));
    }
    if let Some(beside) = work.beside.as_ref().filter(|it| !it.is_warm()) {
        steps.extend(beside.route(numbers, spec, release));
    }
    steps.extend(checking.step(numbers, spec, work, release));
    steps
}

/// The containers that get no requests any more, and what else a server is tidied up of. Nothing depends
/// on it, so a failure here takes nothing back.
pub(super) fn tidy(
    numbers: &mut Numbers,
    spec: &AppSpec,
    work: &[Work],
    mut more: impl FnMut(&mut Numbers, &Work) -> Vec<Step>,
) -> Stage {
    let tidied = stage("tidy up", work, |it| {
        let retired = it.beside.as_ref().and_then(|beside| beside.retire(numbers, spec));
        retired.into_iter().chain(more(numbers, it)).collect()
    });
    Stage { tidies: true, ..tidied }
}

/// The files of a release in the place of the app's own, where they are sent.
pub(super) fn placed(
    numbers: &mut Numbers,
    facts: &ServerFacts,
    release: ReleaseNumber,
) -> impl Iterator<Item = Step> {
    let compose = facts.sent.as_ref().map(|it| (it.there.clone(), false, "Compose"));
    let env = facts.env.as_ref().map(|it| (it.there.clone(), true, "environment"));
    let steps = [compose, env].map(|it| {
        let (over, env, what) = it?;
        let title = format!("put the {what} file of release {release} in its place");
        Some(numbers.step(title, Act::Place { release, over, env }, COMPOSE))
    });
    steps.into_iter().flatten()
}

/// What has to be good on a server when a release is in place.
pub(super) fn expected(work: &Work) -> Vec<Expected> {
    work.services.iter().cloned().chain(work.beside.as_ref().map(Beside::expected)).collect()
}

/// The way back on one server: the release before, of the same services, good again.
pub(super) fn put_back(
    numbers: &mut Numbers,
    spec: &AppSpec,
    work: &Work,
    release: Option<ReleaseNumber>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(beside) = &work.beside {
        let image = work.before.get(beside.service()).cloned();
        steps.extend(beside.back(numbers, release.map(|release| (release, image))));
    }
    let services: Vec<String> = work.services.iter().map(|expected| expected.service.clone()).collect();
    if !services.is_empty() {
        // What runs is always of a release: it is recorded as one before anything is replaced.
        if let Some(release) = release.filter(|_| !work.replaces.is_empty()) {
            steps.extend(replaced_back(numbers, spec, work, release, services));
        } else {
            // It did not run before.
            let words = ["rm", "-s", "-f"].map(str::to_owned).into_iter().chain(services.iter().cloned());
            let title = format!("remove {}", services.join(", "));
            steps.push(numbers.step(title, Act::Compose { words: words.collect() }, REPLACE));
        }
    }
    let ran = !work.replaces.is_empty() || work.beside.as_ref().is_some_and(Beside::serves);
    if let Some(release) = release.filter(|_| ran) {
        let title = format!("make release {release} the current one again");
        steps.push(numbers.step(title, Act::Point { release, carried: Vec::new() }, COMPOSE));
    }
    steps
}

fn replaced_back(
    numbers: &mut Numbers,
    spec: &AppSpec,
    work: &Work,
    release: ReleaseNumber,
    services: Vec<String>,
) -> [Step; 2] {
    let before = |it: &Expected| Expected { image: work.before.get(&it.service).cloned(), ..it.clone() };
    let expected = work.services.iter().map(before).collect();
    let (ports, scale) = (work.ports.clone(), work.scale.clone());
    let up = Act::Up { release, services, replaces: Vec::new(), ports, scale };
    [
        numbers.step(format!("put release {release} back"), up, REPLACE),
        gate(numbers, &spec.gate.unasked(), Some(release), expected),
    ]
}
