//! Works on a repository itself: frees room, looks it through, takes locks away, adds a password.

use super::{Done, Task};
use crate::config::Secret;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::RepositoryId;
use crate::domain::quantity::Bytes;

/// How many findings are told.
const TOLD: usize = 5;

pub(super) async fn prune(task: &Task<'_>, id: &RepositoryId, frees: Bytes) -> Result<Done, Failure> {
    let vault = task.ground.vaults().repository(id)?;
    // One that was struck before has left what it had written anew, which goes too.
    let at_most = (!task.resumed).then_some(frees);
    let smaller = vault.prune(at_most).await.map_err(|error| error.into_failure(&task.what()))?;
    Ok(Done { said: format!("it is smaller by {smaller}"), exit: None })
}

pub(super) async fn check(task: &Task<'_>, id: &RepositoryId, read_data: bool) -> Result<Done, Failure> {
    let vault = task.ground.vaults().repository(id)?;
    let found = vault.check(read_data).await.map_err(|error| error.into_failure(&task.what()))?;
    if found.damage.is_empty() {
        let strange = found.strange.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
        let said = if strange.is_empty() { "no damage".to_owned() } else { format!("no damage; {strange}") };
        return Ok(Done { said, exit: None });
    }
    let more = found.damage.len().saturating_sub(TOLD);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let why = found.damage.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ") + &more;
    Err(Failure::new(FailureKind::Invalid, task.what(), why)
        .hint("see what is whole: restic check --read-data; then take new backups, into another repository where the disk is bad"))
}

pub(super) async fn unlock(task: &Task<'_>, id: &RepositoryId, locks: &[String]) -> Result<Done, Failure> {
    let vault = task.ground.vaults().repository(id)?;
    let gone = vault.unlock(locks.to_vec()).await.map_err(|error| error.into_failure(&task.what()))?;
    Ok(Done { said: format!("{gone} of {}", locks.len()), exit: None })
}

pub(super) async fn add_key(task: &Task<'_>, id: &RepositoryId, secret: &str) -> Result<Done, Failure> {
    let what = task.what();
    let vault = task.ground.vaults().repository(id)?;
    let secret: Secret =
        secret.parse().map_err(|why: String| Failure::new(FailureKind::Invalid, &what, why))?;
    let password = secret.resolve().await.map_err(|error| error.into_failure(&what))?;
    let added = vault.add_key(password, &task.confirmed.by.user).await;
    let key = added.map_err(|error| error.into_failure(&what))?;
    Ok(Done { said: format!("key {} opens it", key.get(..8).unwrap_or(&key)), exit: None })
}
