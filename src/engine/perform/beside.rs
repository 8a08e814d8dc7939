//! Makes containers beside those that serve: the server's own Compose scales the service, leaving what
//! is there alone.

use std::collections::BTreeMap;

use super::up::{begun_before, explained, unchanged};
use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::act::Published;
use crate::domain::plan::overlay::overlay;
use crate::domain::plan::shell::{compose_up, scaled};
use crate::domain::release::ReleaseNumber;
use crate::engine::gather::containers::running;
use crate::engine::guarded;

pub(super) async fn beside(
    task: &Task<'_>,
    release: ReleaseNumber,
    service: &str,
    names: &[String],
    others: &[String],
    port: Option<Published>,
) -> Result<Done, Failure> {
    let services = [service.to_owned()];
    if !begun_before(task).await? {
        unchanged(task, &services, others).await?;
    }
    let more = scaled(service, names.len() + others.len());
    let words = compose_up(&task.ground.place, release, port.is_some(), &services, &more);
    let ports = |port| BTreeMap::from([(service.to_owned(), port)]);
    let stdin = port.map(|port| overlay(&BTreeMap::new(), &ports(port)).into_bytes());
    let left = guarded::run(task, words, stdin).await?;
    if left.exit != 0 {
        return Err(explained(task.what(), &left));
    }
    // The proxy is going to be given these names and no others.
    let now = running(task.ground).await?;
    match names.iter().find(|name| now.iter().all(|it| it.name != **name)) {
        None => Ok(Done { said: String::new(), exit: Some(0) }),
        Some(name) => {
            let why = format!("Compose made no container named {name}");
            Err(Failure::new(FailureKind::Conflict, task.what(), why)
                .hint("somebody else changed the app: make the plan anew"))
        }
    }
}
