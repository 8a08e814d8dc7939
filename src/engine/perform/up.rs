//! Replaces containers: the server's own Compose applies a release's file to some services.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::sleep;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::act::Published;
use crate::domain::plan::overlay::overlay;
use crate::domain::plan::shell::{compose_up, kept};
use crate::domain::release::ReleaseNumber;
use crate::engine::gather::containers::running;
use crate::engine::ground::Ground;
use crate::engine::guarded::{self, Became, Left, look_up};

/// How often Compose is asked again to end what it left half done, and how long between.
const AGAIN: usize = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Whether Compose stumbles over what a Compose that was killed in between, with its server or its engine,
/// left: a container under the name that it gives while it replaces another, or a network that the engine
/// is still bringing back. Asked again it clears that away.
fn was_interrupted(said: &str) -> bool {
    let mut lines = said.lines().rev().take(5);
    lines.any(|line| {
        (line.contains("The container name") && line.contains("is already in use by container"))
            || (line.contains("network ") && line.ends_with(" not found"))
    })
}

pub(super) async fn up(
    task: &Task<'_>,
    release: ReleaseNumber,
    services: &[String],
    replaces: &[String],
    ports: &BTreeMap<String, Published>,
    scale: &BTreeMap<String, u16>,
) -> Result<Done, Failure> {
    if !begun_before(task).await? {
        unchanged(task, services, replaces).await?;
    }
    let over = (!ports.is_empty()).then(|| overlay(&BTreeMap::new(), ports).into_bytes());
    let more = kept(scale);
    let words: Vec<String> =
        compose_up(&task.ground.place, release, over.is_some(), services, &more).collect();
    let mut left = guarded::run(task, words.clone(), over.clone()).await?;
    for nth in 1..=AGAIN {
        if left.exit == 0 || !was_interrupted(&left.said) {
            break;
        }
        sleep(PAUSE).await;
        left = guarded::again(task, nth, words.clone(), over.clone()).await?;
    }
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
    match stranger(task.ground, services, replaces).await? {
        None => Ok(()),
        Some(why) => Err(Failure::new(FailureKind::Conflict, task.what(), why).hint(ANEW)),
    }
}

/// What to do where a plan is not of what stands.
pub const ANEW: &str = "somebody else changed the app: make the plan anew";

/// What is there of these services and is none of those that the plan replaces.
pub async fn stranger(
    ground: &Ground,
    services: &[String],
    replaces: &[String],
) -> Result<Option<String>, Failure> {
    if replaces.is_empty() {
        return Ok(None);
    }
    let known: BTreeSet<&str> = replaces.iter().map(String::as_str).collect();
    let now = running(ground).await?;
    let stranger = now.iter().find(|it| services.contains(&it.service) && !known.contains(it.id.as_str()));
    Ok(stranger.map(|container| format!("{} was made since the plan was", container.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_left_half_done_is_asked_again() {
        let conflict = "Error response from daemon: Conflict. The container name \"/2af477824561_rb-web-1\" \
                        is already in use by container \"741e9c65b385\". You have to remove it";
        assert!(was_interrupted(conflict));
        assert!(was_interrupted("x\nError response from daemon: network 0557f77fbecc not found\n"));
        assert!(!was_interrupted("Error response from daemon: manifest for shop:9 not found"));
        assert!(!was_interrupted("Bind for 0.0.0.0:80 failed: port is already allocated"));
    }
}
