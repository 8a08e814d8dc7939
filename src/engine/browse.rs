//! What backups hold: the files of one, and where a file is in all of a datastore's. Only the repository is
//! read; nothing is asked of any server.

use std::ops::ControlFlow;

use super::gather::stock_of;
use super::ground::Engines;
use crate::domain::backup::Backup;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::file_list::{FileList, FoundFiles, Wanted};
use crate::operations::restore::chosen;

/// The files of the backup whose id begins so, in or below a folder where one is named.
pub async fn files(
    engines: &Engines,
    spec: &DatastoreSpec,
    id: &str,
    under: &str,
) -> Result<(Backup, FileList), Failure> {
    let what = format!("list the files of backup {} of {}", id.get(..8).unwrap_or(id), spec.id);
    let stock = stock_of(engines, spec).await?;
    let Some(backup) = chosen(&stock.backups, Some(id))?.cloned() else {
        return Err(Failure::new(FailureKind::NotFound, what, "there is none of that id"));
    };
    let vault = engines.vaults.repository(&spec.repository)?;
    let list = vault.files(&backup, under).await.map_err(|error| error.into_failure(&what))?;
    Ok((backup, list))
}

/// The files that are wanted, in all backups of a datastore, the newest first; `told` is told of what was
/// found so far, and says whether it goes on.
pub async fn find(
    engines: &Engines,
    spec: &DatastoreSpec,
    typed: &str,
    told: impl FnMut(&FoundFiles) -> ControlFlow<()> + Send + 'static,
) -> Result<FoundFiles, Failure> {
    let what = format!("find {typed:?} in the backups of {}", spec.id);
    let Some(wanted) = Wanted::read(typed) else {
        return Err(Failure::new(FailureKind::Invalid, what, "nothing is named")
            .hint("a part of the path, or a pattern with * and ?"));
    };
    let mut backups = stock_of(engines, spec).await?.backups;
    backups.reverse();
    let vault = engines.vaults.repository(&spec.repository)?;
    vault.find(backups, wanted, told).await.map_err(|error| error.into_failure(&what))
}
