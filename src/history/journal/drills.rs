//! What the journal tells of rehearsed restores.

use std::collections::BTreeMap;

use super::{Entry, Written};
use crate::domain::drill::Drilled;
use crate::domain::ids::DatastoreId;
use crate::domain::plan::{Act, Operation, Plan, StepId};
use crate::domain::run::{Outcome, RunId};
use crate::domain::time::Timestamp;

/// One that goes on, or never ended.
struct Open {
    datastore: DatastoreId,
    load: Option<StepId>,
    ask: Option<StepId>,
    drilled: Drilled,
    asked: bool,
}

/// The last drill of each datastore that ended. `entries` in the order in which they were written.
pub fn drills(entries: &[Written]) -> BTreeMap<DatastoreId, Drilled> {
    let mut open: BTreeMap<RunId, Open> = BTreeMap::new();
    let mut last = BTreeMap::new();
    for written in entries {
        match &written.entry {
            Entry::RunBegun { run, plan, .. } => {
                open.extend(begun(plan, written.at).map(|it| (run.clone(), it)));
            }
            Entry::StepEnded { run, step, took, failure, .. } => {
                let Some(it) = open.get_mut(run) else { continue };
                match failure {
                    Some(failure) if it.load == Some(*step) || it.ask == Some(*step) => {
                        it.drilled.failed = Some(failure.reason());
                    }
                    None if it.load == Some(*step) => it.drilled.restored_in = Some(*took),
                    None if it.ask == Some(*step) => it.asked = true,
                    _ => {}
                }
            }
            Entry::RunEnded { run, outcome, .. } => {
                let Some(mut it) = open.remove(run) else { continue };
                // One that was given up says nothing of the backup.
                let told = it.asked || it.drilled.failed.is_some();
                if told && *outcome != Outcome::Cancelled {
                    it.drilled.at = written.at;
                    last.insert(it.datastore, it.drilled);
                }
            }
            _ => {}
        }
    }
    last
}

fn begun(plan: &serde_json::Value, at: Timestamp) -> Option<Open> {
    let drill = plan.get("operation").and_then(|it| it.as_str()) == Some(Operation::Drill.word());
    let plan: Plan = drill.then(|| serde_json::from_value(plan.clone()).ok())??;
    let steps = || plan.stages.iter().flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps);
    let of = |is: fn(&Act) -> bool| steps().find(|step| is(&step.act)).map(|step| step.id);
    Some(Open {
        datastore: DatastoreId::from(plan.app.as_str()),
        load: of(|act| matches!(act, Act::Load { .. })),
        ask: of(|act| matches!(act, Act::Assert { .. })),
        drilled: Drilled { at, failed: None, restored_in: None },
        asked: false,
    })
}
