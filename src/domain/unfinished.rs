//! A run as its servers know it: its plan, and on each what was begun and how it ended.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::ids::ServerId;
use super::plan::{FrozenPlan, Step, StepId};
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
        theirs.map(|(server, step)| (server.clone(), step.title.clone())).collect()
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
