//! Whether the app is well before it is changed: what is broken already cannot be told from what a
//! change broke.

use super::Subject;
use crate::domain::container::{ContainerHealth, ContainerState};
use crate::domain::plan::{Finding, Operation};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    // A rollback, a restart and a start are what one does when something is broken.
    if it.operation != Operation::Deploy {
        return Vec::new();
    }
    let sick = it.facts.running.iter().find(|container| {
        container.health == ContainerHealth::Unhealthy
            || matches!(container.state, ContainerState::Restarting | ContainerState::Dead)
    });
    vec![match sick {
        None => it.good("health", "its containers are well"),
        Some(container) => it.doubtful(
            "health",
            format!("{} is not well before the deploy", container.name),
            "mend it or roll back first, or say with --reason why this deploy is the cure",
        ),
    }]
}
