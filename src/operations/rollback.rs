//! An earlier release again: its own rendered file, with its images and environment.

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
use super::checking::Checking;
use super::crossing;
use super::differences::{between, only_of};
use super::facts::{AppFacts, ServerFacts};
use super::numbering::Numbers;
use super::preflight::{self, Subject};
use super::selection::{chosen, known, of_part, place, switchable};
use super::steps::{COMPOSE, PULL, apply, clear, placed, put_back, stage, tidy};
use super::telling::{interrupted, merged};
use super::work::{Work, changed};
use crate::domain::deploy::{AppSpec, Strategy};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::act::Carried;
use crate::domain::plan::{Act, Change, FORMAT, Finding, Operation, Plan, Stage, Step};
use crate::domain::release::{Release, ReleaseNumber};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The release; the newest good one before the current where nothing is said.
    pub to: Option<ReleaseNumber>,
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Only these services; all where empty.
    pub services: Vec<String>,
    /// Another strategy than the configured one.
    pub strategy: Option<Strategy>,
    /// Why; it overrides what may be overridden.
    pub reason: Option<String>,
}

/// The release that a rollback goes to: the one that is asked for, else the newest that was good on
/// every one of the servers and is current on none.
pub fn destination(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<ReleaseNumber, Refusal> {
    let servers = chosen(spec, &ask.servers)?;
    let known = known(facts, &servers)?;
    let what = || format!("roll {} back", spec.id);
    if let Some(number) = ask.to {
        let lacks = known.iter().find(|(_, it)| it.releases.iter().all(|release| release.number != number));
        return match lacks {
            None => Ok(number),
            Some((server, _)) => Err(Refusal::Senseless(
                Failure::new(FailureKind::NotFound, what(), format!("{server} has no release {number}"))
                    .hint(format!("see what there is: midwatch releases {}", spec.id)),
            )),
        };
    }
    let mut common: Option<BTreeSet<ReleaseNumber>> = None;
    for (_, facts) in &known {
        let good: BTreeSet<_> = facts.good_ones().collect();
        common = Some(match common {
            None => good,
            Some(common) => common.intersection(&good).copied().collect(),
        });
    }
    common.unwrap_or_default().last().copied().ok_or_else(|| {
        Refusal::Senseless(
            Failure::new(FailureKind::NotFound, what(), "there is no earlier release that was good")
                .hint(format!("name one: midwatch releases {0}; midwatch rollback {0} --to N", spec.id)),
        )
    })
}

/// What a rollback is made of, as far as it is the same where the data go back with it.
pub(super) struct Back {
    /// The images that are missing, first of all.
    pub(super) pulls: Stage,
    /// Migrations that are taken back.
    downs: Stage,
    /// The release in place, judged and recorded.
    pub(super) ahead: Vec<Stage>,
    /// What is left behind.
    pub(super) tidy: Stage,
    /// The release that stood, again.
    pub(super) undo: Stage,
    pub(super) findings: Vec<Finding>,
    pub(super) changes: Vec<Change>,
    interrupts: Vec<String>,
    title: String,
    servers: Vec<ServerId>,
    /// The release that it goes away from.
    pub(super) leaves: Option<ReleaseNumber>,
    /// The services that are replaced in their place, by server.
    pub(super) replaced: BTreeMap<ServerId, BTreeSet<String>>,
}

/// Plans a rollback to a release that the facts were gathered for.
pub fn plan(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let it = back(spec, facts, ask, None, &mut Numbers::default())?;
    // What is replaced in its place has no way back but another rollback; what stands beside has.
    let aside = it.replaced.values().all(BTreeSet::is_empty);
    let mut stages: Vec<Stage> = [it.pulls, it.downs].into_iter().chain(it.ahead).chain([it.tidy]).collect();
    stages.retain(|stage| !stage.lanes.is_empty());
    let places = it.servers.iter().filter_map(|at| Some((at.clone(), spec.places.get(at)?.clone())));
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Rollback,
        app: spec.id.clone(),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: it.title,
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: places.collect(),
        changes: it.changes,
        findings: it.findings,
        interrupts: it.interrupts,
        leaves: it.leaves,
        stages,
        undo: if aside { vec![it.undo] } else { Vec::new() },
        undone_by: format!("by going to another release: midwatch rollback {} --to N", spec.id),
    })
}

/// The parts of it. Where the data go back with the release, or come back with a later one, no migration is
/// run: `carried` are then those that an earlier exchange of the data took along.
pub(super) fn back(
    spec: &AppSpec,
    facts: &AppFacts,
    ask: &Ask,
    carried: Option<Vec<Carried>>,
    numbers: &mut Numbers,
) -> Result<Back, Refusal> {
    // Back is back: nothing is tried out on the way.
    let strategy = match ask.strategy.unwrap_or(spec.strategy) {
        Strategy::Canary => Strategy::StartFirst,
        other => other,
    };
    let spec = &AppSpec { strategy, gate: spec.gate.of_earlier(), ..spec.clone() };
    switchable(spec)?;
    let to = destination(spec, facts, ask)?;
    let servers = chosen(spec, &ask.servers)?;
    let known = known(facts, &servers)?;
    let only = ask.services.as_slice();
    released(spec, &known, to, only)?;
    let (mut findings, mut changes, mut interrupts) = (Vec::new(), Vec::new(), Vec::new());
    let mut work = Vec::new();
    for (server, facts) in &known {
        let place = place(spec, server)?;
        let subject = Subject { spec, operation: Operation::Rollback, server, place, facts, only };
        findings.extend(preflight::findings(&subject, ask.reason.is_some()));
        if let Some(Ok(rendered)) = &facts.rendered {
            let services = of_part(changed(spec, facts, rendered), only);
            if let Some(before) = &facts.before {
                changes.extend(only_of(between(Some(server), before, &rendered.compose), only));
            }
            let it = Work::of(spec, server, facts, rendered, &services);
            interrupts.extend(interrupted(server, facts, &it.services));
            work.push(it);
        }
    }
    // For a part of the app the data stay as they are.
    let crossed = if ask.services.is_empty() { crossing::crossed(&known, to) } else { Vec::new() };
    let with_data = carried.is_some();
    let mut carried = carried.unwrap_or_default();
    if with_data {
        findings.extend(crossing::noted(&crossed));
        carried.extend(crossing::carried(&crossed));
    } else {
        findings.extend(crossing::findings(&crossed, ask.reason.is_some()));
    }
    let checking = Checking::of(spec, facts, &servers);
    findings.extend(checking.findings());
    let pulls = stage("pull what is missing", &work, |it| {
        let pull = |image: &crate::domain::image::ImageRef| {
            numbers.step(format!("pull {}", image.name()), Act::Pull { image: image.clone() }, PULL)
        };
        let pulls: Vec<Step> = it.pulls.iter().map(pull).collect();
        pulls.into_iter().chain(clear(numbers, it)).collect()
    });
    let replace =
        stage(&format!("put release {to} back"), &work, |it| apply(numbers, spec, &checking, it, to));
    let asked = checking.stage(numbers, spec, &work, to);
    let first = if with_data { &[] } else { work.get(..1).unwrap_or_default() };
    let downs = stage("take migrations back", first, |_| crossing::steps(numbers, &crossed));
    let mut ahead = vec![replace];
    ahead.extend(asked);
    // What holds for a part of the app only does not make the release the current one.
    if ask.services.is_empty() {
        ahead.push(stage("record", &work, |_| {
            let act = Act::Point { release: to, carried: carried.clone() };
            vec![numbers.step(format!("make release {to} the current one"), act, COMPOSE)]
        }));
    }
    let tidy = tidy(numbers, spec, &work, |numbers, it| {
        let facts = known.iter().find(|(server, _)| *server == it.server && only.is_empty());
        facts.map(|(_, facts)| placed(numbers, facts, to).collect()).unwrap_or_default()
    });
    let undo = stage("put back", &work, |it| put_back(numbers, spec, it, it.current));
    let replaced = |it: &Work| {
        let services = it.services.iter().map(|service| service.service.clone()).collect();
        (it.server.clone(), services)
    };
    Ok(Back {
        pulls,
        downs,
        ahead,
        tidy,
        undo,
        findings,
        changes: merged(&changes, known.len()),
        interrupts,
        title: title(spec, to, &known, only),
        leaves: known.iter().filter_map(|(_, facts)| facts.current).max().filter(|it| *it != to),
        replaced: work.iter().map(replaced).collect(),
        servers,
    })
}

/// A service that no rendered file of the release has cannot go back to it.
fn released(
    spec: &AppSpec,
    known: &[(ServerId, &ServerFacts)],
    to: ReleaseNumber,
    only: &[String],
) -> Result<(), Refusal> {
    for (server, facts) in known {
        let Some(Ok(rendered)) = &facts.rendered else { continue };
        if let Some(stranger) = only.iter().find(|service| !rendered.hashes.contains_key(*service)) {
            let why = format!("release {to} on {server} has no service {stranger}");
            let names: Vec<&str> = rendered.hashes.keys().map(String::as_str).collect();
            let failure = Failure::new(FailureKind::NotFound, format!("roll {} back", spec.id), why);
            return Err(Refusal::Senseless(failure.hint(format!("it has {}", names.join(", ")))));
        }
    }
    Ok(())
}

fn title(spec: &AppSpec, to: ReleaseNumber, known: &[(ServerId, &ServerFacts)], only: &[String]) -> String {
    let release = known.iter().find_map(|(_, facts)| facts.releases.iter().find(|it| it.number == to));
    let names: Vec<&str> = known.iter().map(|(server, _)| server.as_str()).collect();
    let images = release.map(Release::title).filter(|title| !title.is_empty());
    let images = images.map(|images| format!(" ({images})")).unwrap_or_default();
    let part = if only.is_empty() { String::new() } else { format!("{} of ", only.join(", ")) };
    format!("roll {part}{} back to release {to}{images} on {}", spec.id, names.join(", "))
}
