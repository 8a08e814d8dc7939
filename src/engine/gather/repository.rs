//! How a repository stands: who works on it, and what pruning it would do. Nothing is changed.

use std::collections::BTreeSet;

use super::datastore::lock;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::Failure;
use crate::domain::ids::{DatastoreId, RepositoryId, ServerId};
use crate::domain::repository::Estimate;
use crate::domain::time::Timestamp;
use crate::engine::ground::{Engines, Ground};
use crate::operations::prune::{Judged, judge};
use crate::operations::repository::{RepositoryFacts, place};

/// Reads who works on it.
pub async fn repository(
    engines: &Engines,
    id: &RepositoryId,
    now: Timestamp,
) -> Result<RepositoryFacts, Failure> {
    let vault = engines.vaults.repository(id)?;
    let local = ServerId::from(ServerId::LOCAL);
    let ground = Ground::reach(engines, &local, &place(id, &vault.at())).await?;
    let lock = lock(&ground).await?;
    let locks =
        vault.locks().await.map_err(|error| error.into_failure(&format!("open the repository {id}")))?;
    Ok(RepositoryFacts { id: id.clone(), at: vault.at(), as_of: now, lock, locks })
}

/// Judges its backups, and reads what pruning would do once those that nothing keeps are gone. `specs` are
/// the datastores that go there, `only` those of which something may go, all where it is empty.
pub async fn prune(
    engines: &Engines,
    id: &RepositoryId,
    specs: &[DatastoreSpec],
    only: &BTreeSet<DatastoreId>,
    now: Timestamp,
) -> Result<(RepositoryFacts, Judged, Result<Estimate, Failure>), Failure> {
    let facts = repository(engines, id, now).await?;
    let vault = engines.vaults.repository(id)?;
    let what = format!("read the repository {id}");
    let backups = vault.backups().await.map_err(|error| error.into_failure(&what))?;
    let judged = judge(specs, only, &backups, now);
    let gone: Vec<String> = judged.gone.iter().map(|it| it.id.clone()).collect();
    let what = format!("see what pruning {id} would free");
    let estimate = vault.estimate(&gone).await.map_err(|error| error.into_failure(&what));
    Ok((facts, judged, estimate))
}
