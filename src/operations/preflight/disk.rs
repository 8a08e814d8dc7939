//! Whether there is room for the images.

use super::Subject;
use crate::domain::plan::{Finding, Judgement, Operation};
use crate::domain::quantity::Bytes;

/// Below this a pull is likely to fail half way.
const ENOUGH: Bytes = Bytes(1 << 30);

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let pulls = it.facts.images.values().flatten().any(|image| !image.present);
    if it.operation != Operation::Deploy && !pulls {
        return Vec::new();
    }
    vec![match it.facts.free {
        Some(free) if free >= ENOUGH => it.good("disk", format!("{free} free for images")),
        Some(free) => it.doubtful(
            "disk",
            format!("only {free} free for images, {ENOUGH} should be"),
            "make room: docker image prune",
        ),
        None => it.finding("disk", Judgement::Noted, "how much room there is for images could not be read"),
    }]
}
