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
use crate::engine::restore::psql::password;
use crate::operations::backup::place;
use crate::operations::datastore_facts::{DatastoreFacts, Seen, Stock};
use crate::operations::facts::Held;
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
    let held = lock(&ground).await?;
    let password = password(&ground, &spec.id).await?;
    let seen = dump::look(&ground, &spec.source, password.as_ref()).await?;
    Ok((held, seen))
}

/// Who holds the lock of the place that the ground is.
pub(super) async fn lock(ground: &Ground) -> Result<Option<Held>, Failure> {
    let what = format!("read the lock of {} on {}", ground.place.project, ground.server);
    let command = RemoteCommand::script(LOCK).arg(&ground.place.directory);
    let text = ground.done(command, &what, DEADLINE).await?;
    Ok(held(&text.lines().collect::<Vec<_>>()))
}

pub async fn stock(engines: &Engines, spec: &DatastoreSpec) -> Result<Stock, Failure> {
    let vault = engines.vaults.repository(&spec.repository)?;
    let what = format!("open the repository {}", vault.id);
    let there = vault.is_there().await.map_err(|error| error.into_failure(&what))?;
    let backups = if there {
        vault.backups().await.map_err(|error| error.into_failure(&what))?
    } else {
        // So that a password that cannot be had is told of before anything is read.
        vault.try_password().await.map_err(|error| error.into_failure(&what))?;
        Vec::new()
    };
    let locks =
        if there { vault.locks().await.map_err(|error| error.into_failure(&what))? } else { Vec::new() };
    let (its, others): (Vec<Backup>, Vec<Backup>) =
        backups.into_iter().partition(|it| it.datastore == spec.id);
    Ok(Stock {
        path: vault.at(),
        there,
        backups: its,
        free: match vault.folder() {
            Some(path) => free(path),
            // Who does not say keeps nothing from being done.
            None => vault.room().await.unwrap_or_default(),
        },
        locks,
        shared: others.into_iter().filter_map(|it| it.run).collect(),
    })
}

/// Room in a folder, or in the nearest one above it that is there.
fn free(path: &Path) -> Option<Bytes> {
    let there = path.ancestors().find_map(|it| rustix::fs::statvfs(it).ok())?;
    Some(Bytes(there.f_bavail * there.f_frsize))
}
