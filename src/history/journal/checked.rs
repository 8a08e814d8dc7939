//! What the journal tells of repositories that were looked through.

use std::collections::BTreeMap;

use super::{Entry, Written};
use crate::domain::ids::RepositoryId;
use crate::domain::plan::{Act, Operation, Plan};
use crate::domain::repository::Checked;
use crate::domain::run::{Outcome, RunId};

/// The last check of each repository that came to its end. `entries` in the order in which they were
/// written.
pub fn checked(entries: &[Written]) -> BTreeMap<RepositoryId, Checked> {
    let mut open: BTreeMap<RunId, (RepositoryId, Checked)> = BTreeMap::new();
    let mut last = BTreeMap::new();
    for written in entries {
        match &written.entry {
            Entry::RunBegun { run, plan, .. } => {
                let of =
                    plan.get("operation").and_then(|it| it.as_str()) == Some(Operation::RepoCheck.word());
                let plan: Option<Plan> = of.then(|| serde_json::from_value(plan.clone()).ok()).flatten();
                let Some(plan) = plan else { continue };
                let read_data = plan
                    .steps()
                    .any(|(_, it)| matches!(it.act, Act::CheckRepository { read_data: true, .. }));
                let checked = Checked { at: written.at, read_data, failed: None };
                open.insert(run.clone(), (RepositoryId::from(plan.app.as_str()), checked));
            }
            Entry::StepEnded { run, failure: Some(failure), .. } => {
                if let Some((_, it)) = open.get_mut(run) {
                    it.failed = Some(failure.reason());
                }
            }
            Entry::RunEnded { run, outcome, .. } => {
                let Some((repository, it)) = open.remove(run) else { continue };
                // One that never began or was given up says nothing of the repository.
                if *outcome == Outcome::Done || (*outcome == Outcome::Failed && it.failed.is_some()) {
                    last.insert(repository, Checked { at: written.at, ..it });
                }
            }
            _ => {}
        }
    }
    last
}
