//! Whether there is anything to do.

use super::Subject;
use crate::domain::plan::{Finding, Operation};
use crate::operations::work::changed;

pub(super) fn check(it: &Subject<'_>) -> Option<Finding> {
    if !matches!(it.operation, Operation::Deploy | Operation::Rollback) {
        return None;
    }
    let Some(Ok(rendered)) = &it.facts.rendered else { return None };
    if changed(it.facts, rendered).is_empty() {
        return Some(it.doubtful(
            "already",
            "this is what runs already",
            "choose another release, or go on with --reason to record it anew",
        ));
    }
    None
}
