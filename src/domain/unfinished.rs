//! A run as its servers know it: its plan, and on each what was begun and how it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::beside::called;
use super::failure::Failure;
use super::ids::ServerId;
use super::plan::{Act, FrozenPlan, Step, StepId};
use super::release::lock::Holder;
use super::run::{RunEnd, RunId};

/// What a server knows of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Whether the lock there is this run's.
    pub locked: Option<Holder>,
    /// Whether a console is connected that carries it out.
    pub alive: bool,
    /// Whether it ever came so far as to write its plan down there.
    pub known: bool,
    /// The steps that were begun there.
    pub begun: BTreeSet<StepId>,
    /// How it ended, where that was written down.
    pub end: Option<RunEnd>,
    /// Of the begun ones, those that ran on the machine of a console.
    #[serde(default)]
    pub here: BTreeMap<StepId, Here>,
}

/// What is written down of a command that ran on the machine of a console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    /// Whose console it was, on which machine.
    pub by: String,
    /// The code that it ended with; `None` where it left no word.
    pub exit: Option<i32>,
}

impl Here {
    /// What became of it, for the reader.
    pub fn says(&self, title: &str) -> String {
        match self.exit {
            Some(exit) => format!("`{title}` ran at {} and ended with {exit}", self.by),
            None => format!(
                "`{title}` was begun at {} and left no word of its end; it may still go on there, and is not run again",
                self.by
            ),
        }
    }
}

/// That something which a killed run left may show what it should not, for the reader.
pub fn unmasked(of: &str) -> String {
    format!("{of} is not known to be masked: finishing brings it anew and masks that, undoing removes it")
}

/// A place that is no server: the machine of whoever runs it.
pub fn at(by: &impl fmt::Display) -> ServerId {
    ServerId::from(format!("at {by}"))
}

/// A run, with its plan and what each server knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// Its name.
    pub run: RunId,
    /// Its plan.
    pub plan: FrozenPlan,
    /// By server; why where it could not be read.
    pub traces: BTreeMap<ServerId, Result<Trace, Failure>>,
}

impl Unfinished {
    /// Whether a console still carries it out.
    pub fn alive(&self) -> bool {
        self.traces.values().flatten().any(|trace| trace.alive)
    }

    /// How it ended, where at least one server was told.
    pub fn end(&self) -> Option<&RunEnd> {
        self.traces.values().flatten().find_map(|trace| trace.end.as_ref())
    }

    /// Whether every server was told how it ended.
    pub fn over(&self) -> bool {
        self.traces.values().all(|trace| trace.as_ref().is_ok_and(|it| it.end.is_some() || !it.known))
    }

    /// Who ran it.
    pub fn holder(&self) -> Option<&Holder> {
        self.traces.values().flatten().find_map(|trace| trace.locked.as_ref())
    }

    /// The steps that were begun of those that change what serves.
    pub fn touching(&self) -> BTreeSet<(ServerId, StepId)> {
        let touching = self.begun().filter(|(_, step)| step.act.touches());
        touching.map(|(server, step)| (server.clone(), step.id)).collect()
    }

    /// The operator's own commands that were begun, by their titles.
    pub fn theirs(&self) -> Vec<(ServerId, String)> {
        let theirs = self.begun().filter(|(_, step)| step.act.is_theirs());
        let place = |server: &ServerId, step: &Step| match self.here(server, step.id) {
            Some(here) => at(&here.by),
            None => server.clone(),
        };
        theirs.map(|(server, step)| (place(server, step), step.title.clone())).collect()
    }

    fn here(&self, server: &ServerId, step: StepId) -> Option<&Here> {
        self.traces.get(server)?.as_ref().ok()?.here.get(&step)
    }

    /// The commands that were begun on a console's machine, with what became of each.
    pub fn ran_here(&self) -> impl Iterator<Item = (&Step, &Here)> {
        self.begun().filter_map(|(server, step)| Some((step, self.here(server, step.id)?)))
    }

    /// The commands that finishing it would begin on the machine of whoever does that.
    pub fn would_run_here(&self) -> impl Iterator<Item = &Step> {
        let lanes = self.plan.plan().stages.iter().flat_map(|stage| &stage.lanes);
        let steps = lanes.flat_map(|lane| lane.steps.iter().map(|step| (&lane.server, step)));
        let begun = |server: &ServerId, step: StepId| matches!(self.traces.get(server), Some(Ok(trace)) if trace.begun.contains(&step));
        let over = self.end().is_some();
        steps
            .filter(move |(server, step)| !over && step.act.is_here() && !begun(server, step.id))
            .map(|(_, step)| step)
    }

    /// What was brought of another datastore and is not known to be masked: where, and what it is called.
    pub fn unmasked(&self) -> Vec<(ServerId, String)> {
        let lanes = || self.plan.plan().stages.iter().flat_map(|stage| &stage.lanes);
        let begun: Vec<(&ServerId, StepId)> = self.begun().map(|(server, step)| (server, step.id)).collect();
        let mut all = Vec::new();
        for lane in lanes() {
            for step in &lane.steps {
                let Act::Mask { datastore, source, of, .. } = &step.act else { continue };
                let here = || lanes().filter(|it| it.server == lane.server).flat_map(|it| &it.steps);
                let is_under_way = |it: &&Step| begun.contains(&(&lane.server, it.id));
                let load = |it: &Step| matches!(&it.act, Act::Load { datastore: of, .. } if of == datastore);
                // Nothing that comes after it is begun before it ended well.
                let further = here().filter(|it| it.id > step.id).any(|it| is_under_way(&it));
                if !further && here().filter(is_under_way).any(load) {
                    all.push((lane.server.clone(), called(source, of)));
                }
            }
        }
        all
    }

    /// Whether only tidying up was left: what was planned is in place, and what it replaced may be gone.
    pub fn holds(&self) -> bool {
        let tidying = self.plan.plan().stages.iter().filter(|stage| stage.tidies);
        let steps: BTreeSet<StepId> =
            tidying.flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps).map(|step| step.id).collect();
        self.begun().any(|(_, step)| steps.contains(&step.id))
    }

    fn begun(&self) -> impl Iterator<Item = (&ServerId, &Step)> {
        let begun = |server: &ServerId, step: StepId| matches!(self.traces.get(server), Some(Ok(trace)) if trace.begun.contains(&step));
        self.plan.plan().steps().filter(move |(server, step)| begun(server, step.id))
    }
}

/// What becomes of a run that ended without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The steps that are left are done; nothing that was done is done again.
    Finish,
    /// What was changed is put back.
    Undo,
    /// Nothing is done: the locks are given back, and it is written down that it is partial.
    Leave,
}

impl Way {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Finish => "finish",
            Self::Undo => "undo",
            Self::Leave => "leave",
        }
    }
}
