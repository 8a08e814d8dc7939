//! The logs of the containers that a run's step starts or looks at, live beside the steps: which ones,
//! from when on, and where they stand on the screen.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{Run, Standing};
use crate::domain::failure::Failure;
use crate::domain::ids::{RequestId, ServerId};
use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::plan::act::Expected;
use crate::domain::plan::{Act, Lane, Stage, Step};
use crate::domain::time::Timestamp;
use crate::message::effect::{Back, Effect};
use crate::state::State;
use crate::state::logs::shown::Stream;
use crate::state::page::Page;
use crate::state::run::lines::columns_of;
use crate::store::fleet::Fleet;
use crate::store::logs::SourceId;

/// How many containers are followed at once.
const MOST: usize = 4;
/// How many lines of one are read from before it was followed.
const BACK: u64 = 200;
/// The least cells in which lines can be read beside the steps.
const BESIDE: u16 = 44;
/// The fewest rows of a page in which some can be spared.
const ROWS: u16 = 16;

/// What is followed for the shown run.
#[derive(Clone, Debug, Default)]
pub struct RunLog {
    request: Option<RequestId>,
    /// The containers' logs.
    pub followed: Vec<Followed>,
    /// Whether it still is, and not only shown.
    live: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    /// Whose.
    pub source: LogSource,
    /// By what its lines are found.
    pub id: SourceId,
    /// How it stands.
    pub stream: Stream,
    /// Whether what comes is still of an earlier look, until it begins anew.
    stale: bool,
}

impl RunLog {
    /// The logs beside a run.
    pub fn of(&self, request: RequestId) -> &[Followed] {
        if self.request == Some(request) { &self.followed } else { &[] }
    }

    /// Something of one came, or it began; whether it is of what is followed now.
    pub fn came(&mut self, source: &LogSource, begins: bool) -> bool {
        let Some(it) = self.followed.iter_mut().find(|it| it.source == *source) else { return true };
        it.stale &= !begins;
        if !it.stale {
            it.stream = Stream::Following;
        }
        !it.stale
    }

    /// One cannot be followed, or, where no stream is named, none of a server.
    pub fn failed(
        &mut self,
        server: &ServerId,
        stream: Option<&LogStream>,
        failure: &Failure,
        at: Timestamp,
    ) {
        let is_it = |it: &&mut Followed| {
            it.source.server == *server && stream.is_none_or(|stream| it.source.stream == *stream)
        };
        self.followed.iter_mut().filter(is_it).for_each(|it| it.stream.fail(failure.clone(), at));
    }
}

/// Follows what the shown run is at, and nothing else; to be called after each event.
pub fn follow(state: &mut State) -> Vec<Effect> {
    let run = match state.nav.page() {
        Page::Run(request) => state.runs.get(*request),
        _ => None,
    };
    let Some(run) = run else {
        if state.run_log.request.is_none() {
            return Vec::new();
        }
        let before = std::mem::take(&mut state.run_log);
        return unfollow(state, before.followed.iter().filter(|_| before.live));
    };
    let request = run.request;
    let same = state.run_log.request == Some(request);
    if !run.goes_on() {
        if same && !state.run_log.live {
            return Vec::new();
        }
        // What was told last is still to be read.
        let before = std::mem::take(&mut state.run_log);
        let effects = unfollow(state, before.followed.iter());
        let followed = if same { before.followed } else { Vec::new() };
        state.run_log = RunLog { request: Some(request), followed, live: false };
        return effects;
    }
    let wanted = wanted(run, &state.fleet);
    let now = |it: &Followed| wanted.iter().any(|(source, _)| *source == it.source);
    if same
        && (wanted.is_empty() || wanted.len() == state.run_log.followed.len())
        && (wanted.is_empty() || state.run_log.followed.iter().all(now))
    {
        return Vec::new();
    }
    let before = std::mem::take(&mut state.run_log);
    let mut effects = unfollow(state, before.followed.iter().filter(|it| before.live && !now(it)));
    let mut streams = Vec::new();
    for (source, since) in wanted {
        if let Some(it) = before.followed.iter().find(|it| before.live && it.source == source) {
            streams.push(it.clone());
            continue;
        }
        let id = state.logs.intern(&source);
        let anew = !on_logs_page(state, &source);
        if anew {
            // Lines that are still held from an earlier look would be read a second time.
            state.logs.clear(&source);
            let back = Back { since, lines: Some(BACK) };
            effects.push(Effect::Follow { source: source.clone(), back });
        }
        streams.push(Followed { source, id, stream: Stream::Opening { since: state.now }, stale: anew });
    }
    state.run_log = RunLog { request: Some(request), followed: streams, live: true };
    effects
}

/// What the page of logs shows is followed for that page.
fn on_logs_page(state: &State, source: &LogSource) -> bool {
    state.logs_page.shown.iter().any(|shown| shown.source == *source)
}

fn unfollow<'a>(state: &State, all: impl Iterator<Item = &'a Followed>) -> Vec<Effect> {
    let ours = all.filter(|it| !on_logs_page(state, &it.source));
    ours.map(|it| Effect::Unfollow(it.source.clone())).collect()
}

/// The containers of the steps that are under way, each server's last ones, else of the last that was begun
/// anywhere; and since when their lines are of this run.
fn wanted(run: &Run, fleet: &Fleet) -> Vec<(LogSource, Option<Timestamp>)> {
    let plan = run.plan.plan();
    let under_way = |stage: &Stage| {
        let mut steps = stage.lanes.iter().flat_map(|lane| &lane.steps);
        steps.any(|step| matches!(run.step(step.id), Standing::Running { .. }))
    };
    let all = || {
        let stages = plan.stages.iter().chain(&plan.undo);
        stages.flat_map(|stage| stage.lanes.iter().map(move |lane| (stage, lane)))
    };
    let begun: Vec<(&Stage, &Lane, &Step, Vec<String>)> = all()
        .flat_map(|(stage, lane)| lane.steps.iter().map(move |step| (stage, lane, step)))
        .filter(|(.., step)| run.began_at(step.id).is_some())
        .map(|(stage, lane, step)| (stage, lane, step, names(run, fleet, lane, step)))
        .filter(|(.., names)| !names.is_empty())
        .collect();
    let last = |lane: &Lane| begun.iter().rfind(|(_, other, ..)| std::ptr::eq(*other, lane));
    let mut at: Vec<_> =
        all().filter(|(stage, _)| under_way(stage)).filter_map(|(_, lane)| last(lane)).collect();
    if at.is_empty() {
        at.extend(begun.iter().max_by_key(|(.., step, _)| (run.began_at(step.id), step.id)));
    }
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    for (_, lane, _, named) in at {
        for name in named {
            let source = LogSource {
                server: lane.server.clone(),
                stream: LogStream::Container { name: name.clone() },
            };
            let theirs = begun
                .iter()
                .filter(|(_, other, _, theirs)| other.server == lane.server && theirs.contains(name));
            // All that a container says that this run makes is of this run, whatever its server's clock
            // says; the log of one that takes another's name goes on with the same name.
            let made = theirs.clone().any(|(.., step, _)| matches!(step.act, Act::Beside { .. }));
            let first = theirs.filter_map(|(.., step, _)| run.began_at(step.id)).min();
            if seen.insert(source.clone()) {
                wanted.push((source, first.filter(|_| !made)));
            }
        }
    }
    wanted.truncate(MOST);
    wanted
}

/// The containers that a step starts or looks at.
fn names(run: &Run, fleet: &Fleet, lane: &Lane, step: &Step) -> Vec<String> {
    let of_service = |service: &String| of_service(run, fleet, &lane.server, service);
    let expected = |all: &[Expected]| {
        let names = all.iter().flat_map(|it| match it.names.as_slice() {
            [] => of_service(&it.service),
            names => names.to_vec(),
        });
        names.collect()
    };
    match &step.act {
        Act::Checks { service, names, .. } if names.is_empty() => of_service(service),
        Act::Beside { names, .. } | Act::Checks { names, .. } => names.clone(),
        Act::Up { services, .. } => services.iter().flat_map(of_service).collect(),
        Act::Gate { services, .. } | Act::Watch { services, .. } => expected(services),
        _ => Vec::new(),
    }
}

/// The containers of a service: those that are known, else the one that Compose makes first.
fn of_service(run: &Run, fleet: &Fleet, server: &ServerId, service: &str) -> Vec<String> {
    let Some(place) = run.plan.plan().places.get(server) else { return Vec::new() };
    let known =
        fleet.server(server).map(crate::store::fleet::ServerLive::known_containers).unwrap_or_default();
    let theirs = known
        .iter()
        .filter(|it| it.project.as_ref() == Some(&place.project) && it.service.as_deref() == Some(service));
    let mut names: Vec<String> = theirs.map(|it| it.name.clone()).collect();
    names.sort();
    if names.is_empty() {
        names.push(format!("{}-{service}-1", place.project));
    }
    names
}

/// Where the steps of a run stand, and the logs: beside them where there is room for both, else a few
/// rows below.
pub fn areas(state: &State, run: &Run, body: Rect) -> (Rect, Option<Rect>) {
    if state.run_log.of(run.request).is_empty() || body.height < ROWS {
        return (body, None);
    }
    let plan = run.plan.plan();
    let lanes = plan.stages.iter().map(|stage| stage.lanes.len()).max().unwrap_or(1);
    let least = columns_of(lanes);
    if body.width >= least.saturating_add(BESIDE) {
        let left = least.max((body.width / 2).min(96));
        let steps = Rect { width: left, ..body };
        return (steps, Some(Rect { x: body.x + left, width: body.width - left, ..body }));
    }
    let rows = if body.height < 30 { body.height / 3 } else { body.height * 2 / 5 };
    let steps = Rect { height: body.height - rows, ..body };
    (steps, Some(Rect { y: body.y + steps.height, height: rows, ..body }))
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
