//! A new release: the images pinned, the Compose file rendered, what changed replaced, good or put
//! back.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Refusal;
use super::backed;
use super::checking::Checking;
use super::differences::{between, only_of};
use super::facts::{AppFacts, Rendered, SentFile, ServerFacts};
use super::here;
use super::keeping;
use super::numbering::Numbers;
use super::preflight::{self, Subject};
use super::selection::{chosen, known, of_part, part_of, place, switchable};
use super::steps::{
    COMPOSE, HOOK, PULL, apply, asked, clear, expected, hooks, placed, put_back, stage, tidy,
};
use super::telling::{interrupted, merged};
use super::work::{Work, changed};
use crate::domain::deploy::{AppSpec, Hook, HookPoint, Strategy};
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::image::ImageRef;
use crate::domain::plan::act::Migrating;
use crate::domain::plan::{Act, Change, FORMAT, Operation, Plan, Stage, Step};
use crate::domain::release::ReleaseNumber;

/// What is asked for, beside what the facts hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Only these services; all whose image a deploy changes where empty. The facts have to be gathered
    /// for the same.
    pub services: Vec<String>,
    /// Another strategy than the configured one.
    pub strategy: Option<Strategy>,
    /// Why; it overrides what may be overridden.
    pub reason: Option<String>,
}

/// Plans a deploy.
pub fn plan(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let spec = &AppSpec { strategy: ask.strategy.unwrap_or(spec.strategy), ..spec.clone() };
    let servers = chosen(spec, &ask.servers)?;
    let known = known(facts, &servers)?;
    switchable(spec)?;
    let readable = |sent: &Option<Result<SentFile, Failure>>| match sent {
        Some(Err(failure)) => Err(Refusal::Senseless(failure.clone())),
        Some(Ok(sent)) => Ok(Some(sent.clone())),
        None => Ok(None),
    };
    let (sent, env) = (readable(&facts.sent)?, readable(&facts.env)?);
    part_of(spec, &known, &ask.services)?;
    let only = ask.services.as_slice();
    let mut numbers = Numbers::default();
    let mut findings = Vec::new();
    let mut changes = Vec::new();
    let mut interrupts = Vec::new();
    let mut work: Vec<Work> = Vec::new();
    findings.extend(backed::findings(spec, facts, ask.reason.is_some()));
    for (server, facts) in &known {
        let place = place(spec, server)?;
        let subject = Subject { spec, operation: Operation::Deploy, server, place, facts, only };
        findings.extend(preflight::findings(&subject, ask.reason.is_some()));
        if let Some(Ok(rendered)) = &facts.rendered {
            let services = of_part(changed(spec, facts, rendered), only);
            changes.extend(only_of(changes_on(server, facts, rendered, &services), only));
            let it = Work::of(spec, server, facts, rendered, &services);
            interrupts.extend(interrupted(server, facts, &it.services));
            work.push(it);
        }
    }
    changes = merged(&changes, known.len());
    let release = next_release(facts, &work);
    let mut stages = vec![prepare(&mut numbers, &work, release, [sent.as_ref(), env.as_ref()])];
    let context = here::Context { spec, work: &work, release, only, reason: ask.reason.as_deref() };
    stages.extend(here::hooks(&mut numbers, &context, HookPoint::Before));
    stages.extend(migrations(&mut numbers, spec, &work, release, only));
    let checking = Checking::of(spec, facts, &servers);
    findings.extend(checking.findings());
    let step = match spec.strategy {
        Strategy::Recreate => work.len(),
        _ => usize::from(spec.at_a_time.max(1)),
    };
    for some in work.chunks(step.max(1)) {
        stages.push(replace(&mut numbers, spec, &checking, some, release));
        stages.extend(checking.stage(&mut numbers, spec, some, release));
    }
    stages.extend(here::hooks(&mut numbers, &context, HookPoint::After));
    if !spec.watch.is_zero() {
        stages.push(watch(&mut numbers, spec, &checking, &work, release));
    }
    stages.push(stage("record", &work, |_| {
        let act = Act::Point { release, carried: Vec::new() };
        vec![numbers.step(format!("make release {release} the current one"), act, COMPOSE)]
    }));
    stages.push(tidy(&mut numbers, spec, &work, |numbers, it| {
        let Some((_, facts)) = known.iter().find(|(server, _)| *server == it.server) else {
            return Vec::new();
        };
        let adopted = it.adopts.as_ref().and_then(|images| Some((before(release, it)?, images)));
        let new: Vec<_> = adopted.into_iter().chain([(release, &it.pins)]).collect();
        let kept = keeping::step(numbers, spec, it, facts, &new);
        placed(numbers, facts, release).chain(kept).collect()
    }));
    stages.retain(|stage| !stage.lanes.is_empty());
    let undo = vec![stage("put back", &work, |it| put_back(&mut numbers, spec, it, before(release, it)))];
    let title = title(spec, &work, &servers, only);
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Deploy,
        app: spec.id.clone(),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title,
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: servers.iter().filter_map(|it| Some((it.clone(), spec.places.get(it)?.clone()))).collect(),
        changes,
        findings,
        interrupts,
        leaves: None,
        stages,
        undo,
        undone_by: undone_by(&known, spec),
    })
}

/// The release that a server goes back to. On one without a current release what runs takes the number
/// before the new one's.
fn before(release: ReleaseNumber, work: &Work) -> Option<ReleaseNumber> {
    match &work.adopts {
        Some(_) => Some(ReleaseNumber(release.0.saturating_sub(1))),
        None => work.current,
    }
}

/// The number for a new release: one more than any server's last, with room for what is adopted.
fn next_release(facts: &AppFacts, work: &[Work]) -> ReleaseNumber {
    let all = facts.servers.values().flatten();
    let last = all.flat_map(|server| &server.releases).map(|release| release.number.0).max().unwrap_or(0);
    let adopts = work.iter().any(|it| it.adopts.is_some());
    ReleaseNumber(last.saturating_add(if adopts { 2 } else { 1 }))
}

fn changes_on(
    server: &ServerId,
    facts: &ServerFacts,
    rendered: &Rendered,
    services: &BTreeSet<String>,
) -> Vec<Change> {
    if let Some(before) = &facts.before {
        return between(Some(server), before, &rendered.compose);
    }
    let change = |service: &String| {
        let from = facts.containers_of(service).next().map(|container| match &container.digest {
            Some(digest) => format!("{} ({})", container.image, digest.short()),
            None => container.image.clone(),
        });
        let to = match facts.images.get(service).and_then(|image| image.as_ref().ok()) {
            Some(image) => {
                let digest = image.image.digest.as_ref().map_or("", |digest| digest.short());
                Some(format!("{} ({digest})", image.image.name()))
            }
            None => Some("as the Compose file has it now".to_owned()),
        };
        Change { server: Some(server.clone()), what: format!("{service}.image"), from, to }
    };
    services.iter().map(change).collect()
}

fn prepare(
    numbers: &mut Numbers,
    work: &[Work],
    release: ReleaseNumber,
    [sent, env]: [Option<&SentFile>; 2],
) -> Stage {
    stage("prepare", work, |it| {
        let mut steps = Vec::new();
        if let (Some(pins), Some(release)) = (&it.adopts, before(release, it)) {
            let (expects, adopts) = (None, true);
            let act = Act::Render { release, pins: pins.clone(), expects, adopts, sent: false, env: false };
            steps.push(numbers.step(format!("record what runs as release {release}"), act, COMPOSE));
            let act = Act::Point { release, carried: Vec::new() };
            steps.push(numbers.step(format!("make release {release} the current one"), act, COMPOSE));
        }
        for (file, env) in [(sent, false), (env, true)] {
            let Some(SentFile { from, digest }) = file else { continue };
            let act = Act::Send { release, from: from.clone(), digest: digest.clone(), env };
            steps.push(numbers.step(format!("send {from}"), act, COMPOSE));
        }
        let act = Act::Render {
            release,
            pins: it.pins.clone(),
            expects: Some(it.expects.clone()),
            adopts: false,
            sent: sent.is_some(),
            env: env.is_some(),
        };
        steps.push(numbers.step(format!("write release {release}"), act, COMPOSE));
        for image in &it.pulls {
            let act = Act::Pull { image: image.clone() };
            steps.push(numbers.step(format!("pull {}", image.name()), act, PULL));
        }
        steps.extend(clear(numbers, it));
        steps
    })
}

/// Migrations run once for the app, on its first server, before anything is replaced anywhere.
fn migrations(
    numbers: &mut Numbers,
    spec: &AppSpec,
    work: &[Work],
    release: ReleaseNumber,
    only: &[String],
) -> Option<Stage> {
    let first = work.get(..1)?;
    // What does not get another image has nothing to migrate to.
    let part = |hook: &&Hook| only.is_empty() || hook.service.as_ref().is_some_and(|it| only.contains(it));
    let hooks = spec.hooks.iter().filter(|hook| hook.when == HookPoint::Migrate).filter(part);
    let steps: Vec<Step> = hooks
        .filter_map(|hook| {
            let service = hook.service.clone()?;
            let migration = Migrating::Up { name: hook.name.clone(), down: hook.down.clone() };
            let act = Act::Migrate { release, service, command: hook.command.clone(), migration };
            Some(numbers.step(format!("migrate: {}", hook.name), act, HOOK))
        })
        .collect();
    (!steps.is_empty()).then(|| stage("migrate", first, |_| steps.clone()))
}

fn replace(
    numbers: &mut Numbers,
    spec: &AppSpec,
    checking: &Checking<'_>,
    work: &[Work],
    release: ReleaseNumber,
) -> Stage {
    let names: Vec<&str> = work.iter().map(|it| it.server.as_str()).collect();
    stage(&format!("replace on {}", names.join(", ")), work, |it| {
        let mut steps = hooks(numbers, spec, HookPoint::Before);
        steps.extend(apply(numbers, spec, checking, it, release));
        steps.extend(hooks(numbers, spec, HookPoint::After));
        steps
    })
}

fn watch(
    numbers: &mut Numbers,
    spec: &AppSpec,
    checking: &Checking<'_>,
    work: &[Work],
    release: ReleaseNumber,
) -> Stage {
    let mut first = true;
    stage("watch", work, |it| {
        let services = expected(it);
        if services.is_empty() {
            return Vec::new();
        }
        let checks = checking.watched(&it.server, std::mem::take(&mut first));
        let (probe, traffic) = (asked(&spec.gate, &services), it.traffic.clone());
        let act = Act::Watch { release: Some(release), services, window: spec.watch, traffic, probe, checks };
        let title = format!("watch for {}", crate::domain::time::Age(spec.watch));
        vec![numbers.step(title, act, spec.watch + Duration::from_secs(30))]
    })
}

fn title(spec: &AppSpec, work: &[Work], servers: &[ServerId], only: &[String]) -> String {
    let part = |(service, _): &(&String, &ImageRef)| only.is_empty() || only.contains(service);
    let images = work.iter().flat_map(|it| it.pins.iter().filter(part).map(|(_, image)| image.name()));
    let mut images: Vec<String> = images.collect();
    images.sort();
    images.dedup();
    let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
    let part = if only.is_empty() { String::new() } else { format!("{} of ", only.join(", ")) };
    match images.as_slice() {
        [] => format!("deploy {part}{} as its Compose file is now to {}", spec.id, names.join(", ")),
        images => format!("deploy {part}{} with {} to {}", spec.id, images.join(", "), names.join(", ")),
    }
}

fn undone_by(known: &[(ServerId, &ServerFacts)], spec: &AppSpec) -> String {
    let migrates = spec.hooks.iter().any(|hook| hook.when == HookPoint::Migrate && hook.down.is_none());
    let back = if known.iter().all(|(_, facts)| facts.current.is_some()) {
        format!("a failure puts the release before back by itself; later: midwatch rollback {}", spec.id)
    } else {
        format!(
            "what runs now is recorded first; a failure puts it back by itself; later: midwatch rollback {}",
            spec.id
        )
    };
    if migrates { format!("{back}. Its migration is not taken back") } else { back }
}
