//! Replaces containers: the server's own Compose applies a release's file to some services.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::act::Published;
use crate::domain::plan::overlay::overlay;
use crate::domain::plan::shell::compose_up;
use crate::domain::release::ReleaseNumber;
use crate::engine::gather::containers::running;
use crate::engine::guarded::{self, Became, Left, look_up};

pub(super) async fn up(
    task: &Task<'_>,
    release: ReleaseNumber,
    services: &[String],
    replaces: &[String],
    ports: &BTreeMap<String, Published>,
) -> Result<Done, Failure> {
    if !begun_before(task).await? {
        unchanged(task, services, replaces).await?;
    }
    let over = (!ports.is_empty()).then(|| overlay(&BTreeMap::new(), ports).into_bytes());
    let words = compose_up(&task.ground.place, release, over.is_some(), services, &[]);
    let left = guarded::run(task, words, over).await?;
    if left.exit == 0 {
        return Ok(Done { said: String::new(), exit: Some(0) });
    }
    Err(explained(task.what(), &left))
}

/// Why Compose could not make containers, and what to do.
pub(super) fn explained(what: String, left: &Left) -> Failure {
    let words = left.last_words();
    let hint = if words.contains("port is already allocated") || words.contains("address already in use") {
        "something else on the server listens there: ss -ltnp"
    } else if words.contains("no space left") {
        "make room: docker system df; docker image prune"
    } else {
        "see what Compose says: the whole output is kept beside the run, in steps/N/out"
    };
    Failure::new(FailureKind::Invalid, what, format!("{words} (exit {})", left.exit)).hint(hint)
}

/// Whether the run was here before it was taken up: what is there now may be its own work.
pub(super) async fn begun_before(task: &Task<'_>) -> Result<bool, Failure> {
    if !task.resumed {
        return Ok(false);
    }
    let name = task.step.id.to_string();
    Ok(look_up(task.ground, task.run, &name, Duration::ZERO).await? != Became::Never)
}

/// What is to be replaced is still what the plan was made of.
pub(super) async fn unchanged(
    task: &Task<'_>,
    services: &[String],
    replaces: &[String],
) -> Result<(), Failure> {
    if replaces.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<&str> = replaces.iter().map(String::as_str).collect();
    let now = running(task.ground).await?;
    let stranger = now.iter().find(|it| services.contains(&it.service) && !known.contains(it.id.as_str()));
    match stranger {
        None => Ok(()),
        Some(container) => {
            let why = format!("{} was made since the plan was", container.name);
            Err(Failure::new(FailureKind::Conflict, task.what(), why)
                .hint("somebody else changed the app: make the plan anew"))
        }
    }
}
