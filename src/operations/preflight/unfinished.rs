//! Whether an earlier run ended without a word.

use super::Subject;
use crate::domain::plan::Finding;

pub(super) fn check(it: &Subject<'_>) -> Option<Finding> {
    let run = it.facts.unfinished.first()?;
    Some(it.doubtful(
        "unfinished",
        format!("the run {run} ended without a word; what stands is not known to be whole"),
        format!("finish it, undo it or leave it: midwatch resume {run}"),
    ))
}
