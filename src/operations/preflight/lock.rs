//! Whether somebody else changes the app now.

use super::Subject;
use crate::domain::plan::Finding;
use crate::operations::facts::Held;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    vec![match &it.facts.lock {
        None => it.good("lock", "nobody else changes it"),
        Some(Held::By(holder)) => it.refused(
            "lock",
            format!("{} holds the lock since {}: {}", holder.by, holder.since.rfc3339(), holder.what),
            format!("wait for it, or see what became of it: midwatch runs; midwatch resume {}", holder.run),
        ),
        Some(Held::Unreadable(begins)) => it.refused(
            "lock",
            format!("the lock is held by something that cannot be read: {begins}"),
            format!("look at {}/lock", it.place.own()),
        ),
    }]
}
