//! What the journal tells of restores that took the place of what stood.

use std::collections::BTreeMap;

use super::{Entry, Written};
use crate::domain::ids::DatastoreId;
use crate::domain::plan::rewind::Does;
use crate::domain::plan::{Act, Operation, Plan};
use crate::domain::run::{Outcome, RunId};

/// A restore that was carried out, and whether it stands.
struct Restored {
    run: RunId,
    plan: Plan,
    undone: bool,
}

/// The last restore of a datastore that took the place of what stood, kept that, and was not undone since:
/// its run and its plan. `entries` in the order in which they were written.
pub fn last_restore(entries: &[Written], datastore: &DatastoreId) -> Option<(RunId, Plan)> {
    let mut open: BTreeMap<RunId, Plan> = BTreeMap::new();
    let mut all: Vec<Restored> = Vec::new();
    for written in entries {
        match &written.entry {
            Entry::RunBegun { run, plan, .. } => {
                open.extend(begun(plan).map(|plan| (run.clone(), plan)));
            }
            Entry::RunEnded { run, outcome: Outcome::Done, .. } => {
                let Some(plan) = open.remove(run) else { continue };
                let Some((from, aside)) = swapped(&plan, datastore) else { continue };
                if plan.operation == Operation::Restore {
                    all.push(Restored { run: run.clone(), plan, undone: false });
                    continue;
                }
                // An undo has the two names the other way round; undone itself, as they were.
                let it = all.iter_mut().rev().find_map(|it| {
                    let names = swapped(&it.plan, datastore)?;
                    let (undone, again) = (names == (aside, from), names == (from, aside));
                    (undone || again).then_some((it, undone))
                });
                if let Some((it, undone)) = it {
                    it.undone = undone;
                }
            }
            _ => {}
        }
    }
    all.into_iter().rev().find(|it| !it.undone).map(|it| (it.run, it.plan))
}

fn begun(plan: &serde_json::Value) -> Option<Plan> {
    let text = |name: &str| plan.get(name).and_then(serde_json::Value::as_str);
    let operation = text("operation")?;
    let of = [Operation::Restore, Operation::Undo].iter().any(|it| it.word() == operation);
    // What restores an app as one names its datastores in the steps alone.
    of.then(|| serde_json::from_value(plan.clone()).ok()).flatten()
}

/// What took the place of a datastore, and what is kept of what stood there.
fn swapped<'p>(plan: &'p Plan, of: &DatastoreId) -> Option<(&'p str, &'p str)> {
    plan.steps().find_map(|(_, step)| match &step.act {
        Act::Swap { datastore, from, aside: Some(aside), .. } if datastore == of => {
            Some((from.as_str(), aside.as_str()))
        }
        Act::Rewind(it) if it.datastore == *of => match &it.does {
            Does::Exchange(it) => Some((it.from.as_str(), it.aside.as_str())),
            _ => None,
        },
        _ => None,
    })
}
