//! How a datastore, its lock and its repository stand. Nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::survey::held;
use crate::domain::backup::Backup;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::{AppSpec, Backed};
use crate::domain::failure::Failure;
use crate::domain::ids::{DatastoreId, RepositoryId};
use crate::domain::quantity::Bytes;
use crate::domain::time::Timestamp;
use crate::engine::dump;
use crate::engine::ground::{Engines, Ground};
use crate::operations::backup::place;
use crate::operations::datastore_facts::{DatastoreFacts, Seen, Stock};
use crate::operations::facts::Held;
use crate::repository::Vault;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the datastore's folder.
const LOCK: &str = r#"cat "$1/.midwatch/lock" 2>/dev/null; exit 0"#;

/// Reads it all, side by side.
pub async fn datastore(engines: &Engines, spec: &DatastoreSpec, now: Timestamp) -> DatastoreFacts {
    let (seen, stock) = tokio::join!(there(engines, spec), stock(engines, spec));
    let (lock, seen) = match seen {
        Ok((lock, seen)) => (lock, Ok(seen)),
        Err(failure) => (None, Err(failure)),
    };
    DatastoreFacts { as_of: now, lock, seen, stock }
}

/// When the last good backup of each of an app's datastores was taken. Each repository is read once.
pub(super) async fn backups(
    engines: &Engines,
    spec: &AppSpec,
) -> BTreeMap<DatastoreId, Result<Option<Timestamp>, Failure>> {
    let mut read: BTreeMap<&RepositoryId, Result<Vec<Backup>, Failure>> = BTreeMap::new();
    for it in &spec.backups {
        if !read.contains_key(&it.repository) {
            read.insert(&it.repository, all(engines, &it.repository).await);
        }
    }
    let last = |it: &Backed| match read.get(&it.repository) {
        Some(Ok(all)) => Ok(all.iter().filter(|one| one.datastore == it.datastore).map(|one| one.at).max()),
        Some(Err(failure)) => Err(failure.clone()),
        None => Ok(None),
    };
    spec.backups.iter().map(|it| (it.datastore.clone(), last(it))).collect()
}

async fn all(engines: &Engines, repository: &RepositoryId) -> Result<Vec<Backup>, Failure> {
    let vault = engines.vaults.repository(repository)?;
    vault.backups().await.map_err(|error| error.into_failure(&format!("open the repository {repository}")))
}

async fn there(engines: &Engines, spec: &DatastoreSpec) -> Result<(Option<Held>, Seen), Failure> {
    let place = place(spec);
    let ground = Ground::reach(engines, &spec.server, &place).await?;
    let what = format!("read the lock of {} on {}", spec.id, spec.server);
    let text = ground.done(RemoteCommand::script(LOCK).arg(&place.directory), &what, DEADLINE).await?;
    let lines: Vec<&str> = text.lines().collect();
    let password = match engines.vaults.passwords.get(&spec.id) {
        Some(it) => {
            let what = format!("read the password of {}", spec.id);
            Some(it.resolve().await.map_err(|error| error.into_failure(&what))?)
        }
        None => None,
    };
    let seen = dump::look(&ground, &spec.source, password.as_ref()).await?;
    Ok((held(&lines), seen))
}

async fn stock(engines: &Engines, spec: &DatastoreSpec) -> Result<Stock, Failure> {
    let vault = engines.vaults.repository(&spec.repository)?;
    let what = format!("open the repository {}", vault.id);
    let there = vault.is_there().await;
    let backups = if there {
        vault.backups().await.map_err(|error| error.into_failure(&what))?
    } else {
        // So that a password that cannot be had is told of before anything is read.
        vault.try_password().await.map_err(|error| error.into_failure(&what))?;
        Vec::new()
    };
    Ok(Stock {
        path: vault.path.display().to_string(),
        there,
        backups: backups.into_iter().filter(|it| it.datastore == spec.id).collect(),
        free: free(&vault.path),
        locks: locks(vault).await,
    })
}

/// Room in a folder, or in the nearest one above it that is there.
fn free(path: &Path) -> Option<Bytes> {
    let there = path.ancestors().find_map(|it| rustix::fs::statvfs(it).ok())?;
    Some(Bytes(there.f_bavail * there.f_frsize))
}

/// Locks that restic has in a repository: what is written here takes none, and what is removed needs none.
async fn locks(vault: &Vault) -> usize {
    let Ok(mut folder) = tokio::fs::read_dir(vault.path.join("locks")).await else { return 0 };
    let mut found = 0;
    while let Ok(Some(_)) = folder.next_entry().await {
        found += 1;
    }
    found
}
