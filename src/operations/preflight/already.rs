//! Whether there is anything to do.

use super::Subject;
use crate::domain::plan::{Finding, Operation};
use crate::operations::selection::of_part;
use crate::operations::work::changed;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if !matches!(it.operation, Operation::Deploy | Operation::Rollback) {
        return Vec::new();
    }
    let Some(Ok(rendered)) = &it.facts.rendered else { return Vec::new() };
    if of_part(changed(it.spec, it.facts, rendered), it.only).is_empty() {
        return vec![it.doubtful(
            "already",
            "this is what runs already",
            "choose another release, or go on with --reason to record it anew",
        )];
    }
    Vec::new()
}
