//! Undoing the way back to a moment: the second instance is stopped, and its data directory removed.

use std::collections::BTreeMap;

use super::Refusal;
use super::backup::place;
use super::facts::Held;
use super::findings::Findings;
use super::numbering::Numbers;
use super::rewind::{BRIEF, gone, stage};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;
use crate::domain::plan::rewind::Does;
use crate::domain::plan::{Act, Change, FORMAT, Operation, Plan, Rewind};
use crate::domain::quantity::Bytes;
use crate::domain::run::RunId;
use crate::domain::time::Timestamp;

/// What a run brought back to a moment, by its plan; `None` where it is no such run.
pub fn brought(undone: &Plan) -> Option<&Rewind> {
    undone.stages.iter().flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps).find_map(|step| {
        match &step.act {
            Act::Rewind(it) if !matches!(it.does, Does::Remove) => Some(&**it),
            _ => None,
        }
    })
}

/// A data directory that a run made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How large it is, where that could be read.
    pub bytes: Option<Bytes>,
}

/// How what a run brought back stands.
#[derive(Clone, Debug)]
pub struct LeftFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// Who holds the datastore's lock.
    pub lock: Option<Held>,
    /// Its data directory; `None` where it is not there any more.
    pub left: Option<Left>,
}

/// Plans its removal.
pub fn undo(
    spec: &DatastoreSpec,
    it: &Rewind,
    facts: &LeftFacts,
    run: &RunId,
    reason: Option<&str>,
) -> Result<Plan, Refusal> {
    let Rewind { into, .. } = it;
    let Some(left) = facts.left else {
        let why = format!("{into} is not there any more");
        let failure = Failure::new(FailureKind::NotFound, format!("undo the run {run}"), why);
        return Err(Refusal::Senseless(failure.hint("what stands was not touched by it")));
    };
    let size = left.bytes.map_or_else(|| "of a size that could not be read".to_owned(), |it| it.to_string());
    let mut findings = Findings::new(spec, reason.is_some());
    findings.lock(facts.lock.as_ref(), &place(spec), "nobody else works on it");
    let act = Act::Rewind(Box::new(Rewind { does: Does::Remove, ..it.clone() }));
    let step = Numbers::default().step(gone(into), act, BRIEF);
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Undo,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("undo {run}: {into} on {} removed", spec.server),
        as_of: facts.as_of,
        reason: reason.map(str::to_owned),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: vec![Change {
            server: None,
            what: format!("data directory {into}"),
            from: Some(format!("{size}, with whatever was written to it since")),
            to: None,
        }],
        findings: findings.all,
        interrupts: vec![format!("whoever is connected to the second instance, by its socket in {into}")],
        leaves: None,
        stages: vec![stage(spec, "remove it", vec![step])],
        undo: Vec::new(),
        undone_by: "restored anew: midwatch restore NAME --at TIME".to_owned(),
    })
}
