//! What a restore of all that an app has, and its undo, have in common. The app is stopped, so that nothing of
//! it sees data of two times; then all of its data change places, its release goes with them where another
//! one stands, and it is started again and judged. The way back goes the same way in reverse.

use std::collections::{BTreeMap, BTreeSet};

use super::Refusal;
use super::backup;
use super::checking::Checking;
use super::facts::{AppFacts, ServerFacts};
use super::numbering::{Numbers, renumber};
use super::preflight::{self, Subject};
use super::restore_facts::{RestoreFacts, Stands};
use super::rollback::{self, Back};
use super::selection::{known, place};
use super::steps::{REPLACE, gate};
use super::work::changed;
use crate::domain::container::ContainerState;
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::deploy::{AppSpec, Place, Strategy};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::act::{Carried, Expected};
use crate::domain::plan::{Act, Change, Finding, Lane, Operation, Stage, Step, StepId};
use crate::domain::release::ReleaseNumber;
use crate::domain::setup::Guard;
use crate::domain::time::Timestamp;

/// What is read before.
#[derive(Clone, Debug)]
pub struct SetFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// The app's datastores.
    pub parts: Vec<(DatastoreSpec, RestoreFacts)>,
    /// The app, with the release that it is to have afterwards.
    pub app: AppFacts,
}

/// The app around an exchange.
pub(super) struct Whole<'a> {
    app: &'a AppSpec,
    /// The services that run and are no datastores themselves, by server.
    running: BTreeMap<ServerId, Vec<Expected>>,
    /// The names of their containers.
    containers: BTreeMap<ServerId, BTreeSet<String>>,
    /// The services that are datastores themselves: without them nothing could be exchanged.
    own: BTreeMap<ServerId, BTreeSet<String>>,
    /// Where another release is to stand.
    pub(super) back: Option<Back>,
    pub(super) findings: Vec<Finding>,
    /// Where the same release stays, its app's own checks, asked once it runs again.
    asked: Option<(ServerId, Step)>,
    /// The release that stands.
    pub(super) current: Option<ReleaseNumber>,
}

/// What a part of the exchange is made of.
pub(super) struct Exchange {
    pub(super) server: ServerId,
    pub(super) swap: Step,
    pub(super) back: Step,
}

impl<'a> Whole<'a> {
    /// `to` is the release that is to stand afterwards, where that is known; `carried` are migrations that
    /// come back with the data.
    pub(super) fn of(
        app: &'a AppSpec,
        facts: &SetFacts,
        to: Option<ReleaseNumber>,
        carried: Vec<Carried>,
        reason: Option<&str>,
    ) -> Result<Self, Refusal> {
        let known = known(&facts.app, &app.servers)?;
        let to = to.filter(|to| known.iter().any(|(_, it)| differs(app, it, *to)));
        let back = match to {
            Some(to) => {
                let ask = rollback::Ask {
                    to: Some(to),
                    // It is stopped anyway.
                    strategy: Some(Strategy::Recreate),
                    reason: reason.map(str::to_owned),
                    ..rollback::Ask::default()
                };
                Some(rollback::back(app, &facts.app, &ask, Some(carried), &mut Numbers::default())?)
            }
            None => None,
        };
        let mut findings = Vec::new();
        for (server, it) in &known {
            let place = place(app, server)?;
            let subject =
                Subject { spec: app, operation: Operation::Restart, server, place, facts: it, only: &[] };
            findings.extend(preflight::findings(&subject, reason.is_some()));
        }
        if let Some(back) = &back {
            // Whether the release alone changes something is no question where the data do.
            findings = back.findings.iter().filter(|it| it.check != "already").cloned().collect();
        }
        let datastores: BTreeSet<(&ServerId, &str)> = facts
            .parts
            .iter()
            .filter_map(|(spec, _)| Some((&spec.server, container(&spec.source)?)))
            .collect();
        let (mut running, mut containers, mut owns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (server, it) in &known {
            let own = it.running.iter().filter(|c| datastores.contains(&(server, c.name.as_str())));
            let own: BTreeSet<String> = own.map(|c| c.service.clone()).collect();
            let all = services(it, &own);
            let names = it.running.iter().filter(|c| all.iter().any(|service| service.service == c.service));
            containers.insert(server.clone(), names.map(|c| c.name.clone()).collect());
            running.insert(server.clone(), all);
            owns.insert(server.clone(), own);
        }
        running.retain(|_, services: &mut Vec<Expected>| !services.is_empty());
        let current = known.iter().filter_map(|(_, it)| it.current).max();
        let mut asked = None;
        if let (None, Some(release)) = (&back, current) {
            let checking = Checking::of(app, &facts.app, &app.servers);
            findings.extend(checking.findings());
            let last = running.iter().find_map(|(server, all)| Some((server, all.last()?.clone())));
            asked = last.and_then(|(server, blamed)| {
                let step = checking.again(&mut Numbers::default(), app, blamed, release)?;
                Some((server.clone(), step))
            });
        }
        Ok(Self { app, running, containers, own: owns, back, findings, asked, current })
    }

    /// The containers that use something and are not stopped with the app.
    pub(super) fn others(&self, server: &ServerId, users: &[String]) -> Vec<String> {
        let own = self.containers.get(server);
        users.iter().filter(|name| own.is_none_or(|own| !own.contains(*name))).cloned().collect()
    }

    /// What changes of the release, where another one is to stand.
    pub(super) fn changes(&self, to: Option<ReleaseNumber>) -> Vec<Change> {
        let Some((back, to)) = self.back.as_ref().zip(to) else { return Vec::new() };
        let from = self.current.map(|it| it.to_string());
        let own = Change { server: None, what: "release".to_owned(), from, to: Some(to.to_string()) };
        std::iter::once(own).chain(back.changes.iter().cloned()).collect()
    }

    /// What it interrupts.
    pub(super) fn interrupts(&self) -> Vec<String> {
        let told = |(server, services): (&ServerId, &Vec<Expected>)| {
            format!(
                "{} on {server}: stopped before the first exchange, started after the last",
                names(services)
            )
        };
        self.running.iter().map(told).collect()
    }

    /// The stages from the app's stop to its start, with `tidies` after them, and the way back.
    pub(super) fn around(
        self,
        before: Vec<Stage>,
        exchanges: Vec<Exchange>,
        tidies: Vec<Stage>,
    ) -> (Vec<Stage>, Vec<Stage>) {
        let mut numbers = Numbers::default();
        let stop = self.stop(&mut numbers, false);
        let stop_again = self.stop(&mut numbers, true);
        let (start, start_again) = (self.start(&mut numbers), self.start(&mut numbers));
        let (swaps, backs): (Vec<_>, Vec<_>) =
            exchanges.into_iter().map(|it| ((it.server.clone(), it.swap), (it.server, it.back))).unzip();
        let (mut stages, mut after, mut undone) = (Vec::new(), tidies, None);
        let mut ahead = vec![start, stage("ask the app's checks", self.asked)];
        if let Some(Back { pulls, ahead: back, tidy, undo, .. }) = self.back {
            stages.push(pulls);
            ahead.extend(back);
            after.insert(0, tidy);
            undone = Some(undo);
        }
        stages.extend(before);
        // From here on what is begun of the app has a way back.
        let app = stages.len();
        stages.push(stop);
        let swapped = stages.len();
        stages.push(stage("exchange", swaps));
        stages.extend(ahead);
        let touching: BTreeSet<usize> = (app..stages.len()).filter(|at| *at != swapped).collect();
        let mut undo = vec![stop_again, stage("put back", backs.into_iter().rev()), start_again];
        undo.extend(undone);
        stages.extend(after);
        renumber(stages.iter_mut().chain(&mut undo));
        let begun: Vec<StepId> = touching
            .into_iter()
            .flat_map(|at| steps(&stages[at]))
            .filter(|step| step.act.touches())
            .map(|step| step.id)
            .collect();
        for stage in undo.iter_mut().filter(|stage| is_of_the_app(stage)) {
            stage.only_after.clone_from(&begun);
        }
        stages.retain(|stage| !stage.lanes.is_empty());
        undo.retain(|stage| !stage.lanes.is_empty());
        (stages, undo)
    }

    /// The stages where nothing is exchanged, and the way back: what was brought half goes.
    pub(super) fn beside(
        before: Vec<Stage>,
        exchanges: Vec<Exchange>,
        tidies: Vec<Stage>,
    ) -> (Vec<Stage>, Vec<Stage>) {
        let mut stages: Vec<Stage> = before.into_iter().chain(tidies).collect();
        let backs = exchanges.into_iter().rev().map(|it| (it.server, it.back));
        let mut undo = vec![stage("put back", backs)];
        stages.retain(|stage| !stage.lanes.is_empty());
        renumber(stages.iter_mut().chain(&mut undo));
        (stages, undo)
    }

    /// Stops what runs; on the way back what was made of the other release, too.
    fn stop(&self, numbers: &mut Numbers, again: bool) -> Stage {
        let mut all: BTreeMap<ServerId, BTreeSet<String>> = BTreeMap::new();
        for (server, services) in &self.running {
            all.entry(server.clone()).or_default().extend(services.iter().map(|it| it.service.clone()));
        }
        if let Some(back) = self.back.as_ref().filter(|_| again) {
            for (server, services) in &back.replaced {
                let own = self.own.get(server);
                let stops = services.iter().filter(|it| own.is_none_or(|own| !own.contains(*it)));
                all.entry(server.clone()).or_default().extend(stops.cloned());
            }
        }
        all.retain(|_, services| !services.is_empty());
        let one = |(server, services): (ServerId, BTreeSet<String>)| {
            let services: Vec<String> = services.into_iter().collect();
            let title = format!("stop {}", services.join(", "));
            (server, numbers.step(title, Act::Halt { services }, REPLACE))
        };
        stage("stop the app", all.into_iter().map(one).collect::<Vec<_>>())
    }

    /// Starts what stays as it is, and sees that it is good.
    fn start(&self, numbers: &mut Numbers) -> Stage {
        let mut all = Vec::new();
        for (server, services) in &self.running {
            let replaced = self.back.as_ref().and_then(|back| back.replaced.get(server));
            let stays = |it: &&Expected| replaced.is_none_or(|replaced| !replaced.contains(&it.service));
            let services: Vec<Expected> = services.iter().filter(stays).cloned().collect();
            if services.is_empty() {
                continue;
            }
            let words = services.iter().map(|it| it.service.clone());
            let words = std::iter::once("start".to_owned()).chain(words).collect();
            let title = format!("start {}", names(&services));
            all.push((server.clone(), numbers.step(title, Act::Compose { words }, REPLACE)));
            all.push((server.clone(), gate(numbers, &self.app.gate.of_earlier(), None, services)));
        }
        stage("start the app", all)
    }
}

/// Where the locks and the run are: in the app's folders, and elsewhere in that of a datastore.
pub(super) fn places<'s>(
    app: &AppSpec,
    datastores: impl Iterator<Item = &'s DatastoreSpec>,
) -> BTreeMap<ServerId, Place> {
    let mut places = app.places.clone();
    for spec in datastores {
        places.entry(spec.server.clone()).or_insert_with(|| backup::place(spec));
    }
    places
}

/// As strictly as any of it.
pub(super) fn guard<'s>(app: &AppSpec, datastores: impl Iterator<Item = &'s DatastoreSpec>) -> Guard {
    datastores.map(|spec| spec.guard).fold(app.guard, Guard::max)
}

/// A stage with a lane a server, in the order in which the steps come.
pub(super) fn stage(title: &str, steps: impl IntoIterator<Item = (ServerId, Step)>) -> Stage {
    let mut lanes: BTreeMap<ServerId, Vec<Step>> = BTreeMap::new();
    for (server, step) in steps {
        lanes.entry(server).or_default().push(step);
    }
    let lanes = lanes.into_iter().map(|(server, steps)| Lane { server, steps }).collect();
    Stage { title: title.to_owned(), lanes, tidies: false, only_after: Vec::new() }
}

/// Findings on one datastore among several.
pub(super) fn of_part(spec: &DatastoreSpec, all: Vec<Finding>) -> impl Iterator<Item = Finding> {
    all.into_iter().map(|it| Finding { found: format!("{}: {}", spec.id, it.found), ..it })
}

/// What a swap of one interrupts beside the app.
pub(super) fn interrupts(spec: &DatastoreSpec, server: &Stands, stops: &[String]) -> Vec<String> {
    match (&spec.source, server) {
        (Source::Volume { .. } | Source::Files { .. }, _) if stops.is_empty() => Vec::new(),
        (Source::Volume { .. } | Source::Files { .. }, _) => {
            vec![format!("{} on {}: stopped while {} is exchanged", stops.join(", "), spec.server, spec.id)]
        }
        (source, server) => super::restore::interrupts(source, server, true),
    }
}

/// That a release is in the ledger of every server, so that it can be gone back to.
pub(super) fn in_ledger(app: &AppSpec, facts: &AppFacts, to: ReleaseNumber) -> Result<(), Refusal> {
    let lacks = |it: &ServerFacts| it.releases.iter().all(|release| release.number != to);
    let lacking = facts.servers.iter().find(|(_, it)| it.as_ref().is_ok_and(lacks));
    let Some((server, _)) = lacking else { return Ok(()) };
    let why = format!("the ledger on {server} has no release {to} any more");
    let failure = Failure::new(FailureKind::NotFound, format!("restore {} as one set", app.id), why);
    let files = super::set::release_of(&app.id);
    Err(Refusal::Senseless(
        failure.hint(format!("{files} of the set holds its files: docs/disaster-recovery.md")),
    ))
}

/// Whether something else than a release stands.
fn differs(app: &AppSpec, facts: &ServerFacts, to: ReleaseNumber) -> bool {
    let other = || match &facts.rendered {
        Some(Ok(rendered)) => changed(app, facts, rendered).iter().any(|service| runs(facts, service)),
        _ => true,
    };
    facts.current != Some(to) || other()
}

fn runs(facts: &ServerFacts, service: &str) -> bool {
    facts.containers_of(service).any(|it| it.state == ContainerState::Running)
}

/// The container that a datastore is in itself.
const fn container(source: &Source) -> Option<&str> {
    match source {
        Source::Postgres { container: Some(it), .. } | Source::Redis { container: Some(it), .. } => {
            Some(it.as_str())
        }
        _ => None,
    }
}

/// The services that run, but for these.
fn services(facts: &ServerFacts, but: &BTreeSet<String>) -> Vec<Expected> {
    let mut all: BTreeMap<&str, u16> = BTreeMap::new();
    for it in facts.running.iter().filter(|it| !but.contains(&it.service) && runs(facts, &it.service)) {
        *all.entry(&it.service).or_default() += 1;
    }
    let one = |(service, containers): (&str, u16)| Expected {
        service: service.to_owned(),
        containers,
        image: None,
        names: Vec::new(),
    };
    all.into_iter().map(one).collect()
}

fn names(services: &[Expected]) -> String {
    services.iter().map(|it| it.service.as_str()).collect::<Vec<_>>().join(", ")
}

fn steps(stage: &Stage) -> impl Iterator<Item = &Step> {
    stage.lanes.iter().flat_map(|lane| &lane.steps)
}

/// Whether a stage of the way back is of the app, and not of its data.
fn is_of_the_app(stage: &Stage) -> bool {
    steps(stage).all(|step| step.act.datastore().is_none())
}
