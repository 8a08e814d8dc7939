//! Takes backups that nothing keeps out of their repository.

use super::{Done, Task};
use crate::domain::failure::Failure;
use crate::domain::ids::RepositoryId;

pub(super) async fn forget(
    task: &Task<'_>,
    repository: &RepositoryId,
    backups: &[String],
) -> Result<Done, Failure> {
    let vault = task.ground.vaults().repository(repository)?;
    let gone = vault.forget(backups.to_vec()).await;
    let gone = gone.map_err(|error| error.into_failure(&task.what()))?;
    Ok(Done { said: format!("{gone} of {}", backups.len()), exit: None })
}
