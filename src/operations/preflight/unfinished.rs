//! Whether an earlier run ended without a word.

use super::Subject;
use crate::domain::plan::Finding;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let Some(run) = it.facts.unfinished.first() else { return Vec::new() };
    vec![it.doubtful(
        "unfinished",
        format!("the run {run} ended without a word; what stands is not known to be whole"),
        format!("finish it, undo it or leave it: midwatch resume {run}"),
    )]
}
