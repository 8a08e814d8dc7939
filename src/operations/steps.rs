//! The steps that several operations are made of.

use std::time::Duration;

use super::numbering::Numbers;
use super::work::Work;
use crate::domain::deploy::{AppSpec, HookPoint};
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
    Stage { title: title.to_owned(), lanes: lanes.filter(|lane| !lane.steps.is_empty()).collect() }
}

pub(super) fn hooks(numbers: &mut Numbers, spec: &AppSpec, when: HookPoint) -> Vec<Step> {
    let hooks = spec.hooks.iter().filter(|hook| hook.when == when);
    hooks
        .map(|hook| numbers.step(hook.name.clone(), Act::Hook { command: hook.command.clone() }, HOOK))
        .collect()
}

pub(super) fn gate(
    numbers: &mut Numbers,
    spec: &AppSpec,
    release: Option<ReleaseNumber>,
    services: Vec<Expected>,
) -> Step {
    let names: Vec<&str> = services.iter().map(|expected| expected.service.as_str()).collect();
    let title = format!("wait until {} is good", names.join(", "));
    numbers.step(title, Act::Gate { release, services, steady: spec.gate.steady }, spec.gate.deadline)
}

/// The way back on one server: the release before, of the same services, good again.
pub(super) fn put_back(
    numbers: &mut Numbers,
    spec: &AppSpec,
    work: &Work,
    release: Option<ReleaseNumber>,
) -> Vec<Step> {
    let services: Vec<String> = work.services.iter().map(|expected| expected.service.clone()).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let Some(release) = release.filter(|_| !work.replaces.is_empty()) else {
        // What runs is always of a release: it is recorded as one before anything is replaced.
        // It did not run before.
        let words = ["rm", "-s", "-f"].map(str::to_owned).into_iter().chain(services.iter().cloned());
        let title = format!("remove {}", services.join(", "));
        return vec![numbers.step(title, Act::Compose { words: words.collect() }, REPLACE)];
    };
    let expected = work
        .services
        .iter()
        .map(|it| Expected { image: work.before.get(&it.service).cloned(), ..it.clone() })
        .collect();
    let up = Act::Up { release, services, replaces: Vec::new() };
    vec![
        numbers.step(format!("put release {release} back"), up, REPLACE),
        gate(numbers, spec, Some(release), expected),
        numbers.step(
            format!("make release {release} the current one again"),
            Act::Point { release },
            COMPOSE,
        ),
    ]
}
