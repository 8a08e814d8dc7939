//! Whether a deploy of a part of an app leaves the rest as its new release says.

use super::Subject;
use crate::domain::plan::{Finding, Operation};
use crate::operations::work::changed;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let Some(Ok(rendered)) = &it.facts.rendered else { return Vec::new() };
    if it.operation != Operation::Deploy || it.only.is_empty() {
        return Vec::new();
    }
    let left = changed(it.spec, it.facts, rendered).into_iter().filter(|service| !it.only.contains(service));
    let left: Vec<String> = left.collect();
    if left.is_empty() {
        return Vec::new();
    }
    let names = left.join(", ");
    vec![it.doubtful(
        "part",
        format!("{names} is not as the Compose file says, and would be left so: the release would tell of what does not run"),
        "deploy all of it, or go on with --reason",
    )]
}
