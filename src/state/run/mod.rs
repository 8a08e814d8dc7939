//! Runs that this console carries out: what each has told so far, and how it ended.

pub mod cell;
pub mod lines;
pub mod log;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, RequestId};
use crate::domain::plan::{FrozenPlan, Stage, StepId};
use crate::domain::quantity::Bytes;
use crate::domain::run::{News, Progress, RunEnd, RunId, RunNews};
use crate::domain::time::Timestamp;
use crate::domain::unfinished::Way;

/// Runs that are over and still can be looked at.
const KEPT: usize = 20;

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// By what its news are named.
    pub request: RequestId,
    /// The plan that is carried out.
    pub plan: FrozenPlan,
    /// What was chosen, where it was taken up after it had been interrupted.
    pub way: Option<Way>,
    /// Its name, once it has told anything.
    pub id: Option<RunId>,
    /// When it was confirmed.
    pub began: Timestamp,
    /// Whether it holds the locks.
    pub locked: bool,
    /// How long the last such change took.
    pub last: Option<Duration>,
    /// Until when it waits for a second person, while it does.
    pub waits: Option<Timestamp>,
    /// What was told of approvals, a sentence each.
    pub approvals: Vec<String>,
    /// Why it is put back, where it is.
    pub undoing: Option<String>,
    /// Who was not told of it, and why, a sentence each.
    pub untold: Vec<String>,
    /// Whether it was asked to end at the next safe point.
    pub cancelling: bool,
    /// How it ended.
    pub end: Option<RunEnd>,
    /// The first row shown; `None` for where something happens.
    pub first: Option<usize>,
    steps: BTreeMap<StepId, Standing>,
    began_at: BTreeMap<StepId, Timestamp>,
}

/// How a step stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
    /// Not begun.
    #[default]
    Waiting,
    /// Under way.
    Running {
        /// Since when.
        since: Timestamp,
        /// How far it is.
        progress: Option<Progress>,
        /// The first bytes that came and when, for the rate.
        first: Option<(Timestamp, Bytes)>,
        /// When it last told how far it is.
        told: Timestamp,
    },
    /// Over, well, with a word of what was found, after so long.
    Done(String, Duration),
    /// It failed.
    Failed(Failure),
}

impl Run {
    /// A run that was just confirmed.
    pub fn new(request: RequestId, plan: FrozenPlan, last: Option<Duration>, now: Timestamp) -> Self {
        Self {
            request,
            plan,
            way: None,
            id: None,
            began: now,
            locked: false,
            last,
            waits: None,
            approvals: Vec::new(),
            undoing: None,
            untold: Vec::new(),
            cancelling: false,
            end: None,
            first: None,
            steps: BTreeMap::new(),
            began_at: BTreeMap::new(),
        }
    }

    /// The app that it changes.
    pub fn app(&self) -> &AppId {
        &self.plan.plan().app
    }

    /// How a step stands.
    pub fn step(&self, id: StepId) -> &Standing {
        self.steps.get(&id).unwrap_or(&Standing::Waiting)
    }

    /// When a step was begun, where it was.
    pub fn began_at(&self, id: StepId) -> Option<Timestamp> {
        self.began_at.get(&id).copied()
    }

    /// Whether it goes on.
    pub const fn goes_on(&self) -> bool {
        self.end.is_none()
    }

    /// Whether a stage that is not begun still will be, as far as is known: after a failure only the way
    /// back is.
    pub fn awaits(&self, stage: &Stage) -> bool {
        self.goes_on() && self.plan.plan().undo.contains(stage) == self.undoing.is_some()
    }

    /// How long it took, or takes already.
    pub fn took(&self, now: Timestamp) -> Duration {
        self.end.as_ref().map_or_else(|| self.began.age(now), |end| end.took)
    }

    /// What it does now, in a word or two.
    pub fn now(&self) -> &str {
        if self.undoing.is_some() {
            return "putting back";
        }
        if self.waits.is_some() {
            return "waits for a second person";
        }
        let plan = self.plan.plan();
        let running = |id| matches!(self.step(id), Standing::Running { .. });
        let stage = plan
            .stages
            .iter()
            .find(|stage| stage.lanes.iter().flat_map(|lane| &lane.steps).any(|step| running(step.id)));
        stage.map_or(if self.locked { "under way" } else { "taking the locks" }, |stage| &stage.title)
    }

    /// Takes what it tells.
    pub fn take(&mut self, news: RunNews) {
        let RunNews { run, at, what } = news;
        self.id = Some(run);
        match what {
            News::Waits(most) => self.waits = Some(at + most),
            News::Unapproved(why) => self.approvals.push(why),
            News::Approved(who) => {
                self.waits = None;
                self.approvals.push(format!("approved by {who}"));
            }
            News::Begun => self.locked = true,
            News::Stage(_) => {}
            News::StepBegun(id) => {
                self.began_at.insert(id, at);
                let standing = Standing::Running { since: at, progress: None, first: None, told: at };
                self.steps.insert(id, standing);
            }
            News::Progress(id, now) => {
                if let Some(Standing::Running { progress, first, told, .. }) = self.steps.get_mut(&id) {
                    if let Progress::Pulled { done, .. } = now {
                        first.get_or_insert((at, done));
                    }
                    *progress = Some(now);
                    *told = at;
                }
            }
            News::StepDone(id, said, took) => {
                self.steps.insert(id, Standing::Done(said, took));
            }
            News::StepFailed(id, failure) => {
                self.steps.insert(id, Standing::Failed(failure));
            }
            News::Undoing(why) => self.undoing = Some(why),
            News::Ended(end) => {
                self.end = Some(end);
                self.first = None;
            }
            News::Untold(name, failure) => {
                self.untold.push(format!("{name} was not told: {}", failure.reason()));
            }
        }
    }
}

/// The runs of this console, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    all: Vec<Run>,
}

impl Runs {
    /// Adds one that begins; of those that are over the oldest goes where there are many.
    pub fn begin(&mut self, run: Run) {
        if self.all.len() >= KEPT
            && let Some(over) = self.all.iter().position(|run| !run.goes_on())
        {
            self.all.remove(over);
        }
        self.all.push(run);
    }

    /// One of them.
    pub fn get(&self, request: RequestId) -> Option<&Run> {
        self.all.iter().find(|run| run.request == request)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, request: RequestId) -> Option<&mut Run> {
        self.all.iter_mut().find(|run| run.request == request)
    }

    /// All, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Run> {
        self.all.iter().rev()
    }

    /// Those that go on, newest first.
    pub fn going_on(&self) -> impl Iterator<Item = &Run> {
        self.newest().filter(|run| run.goes_on())
    }

    /// The newest of an app.
    pub fn of(&self, app: &AppId) -> Option<&Run> {
        self.newest().find(|run| run.app() == app)
    }

    /// Whether a run of this name is carried out here.
    pub fn has(&self, id: &RunId) -> bool {
        self.going_on().any(|run| run.id.as_ref() == Some(id))
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
