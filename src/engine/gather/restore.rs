//! How a datastore's server and its backups stand, before one is brought back. Nothing is changed.

use super::datastore::{lock, stock};
use crate::domain::backup::Backup;
use crate::domain::datastore::{DatastoreSpec, Source, folder};
use crate::domain::failure::Failure;
use crate::domain::time::Timestamp;
use crate::engine::ground::{Engines, Ground};
use crate::engine::restore::files::Files;
use crate::engine::restore::psql::password;
use crate::engine::restore::redis::Redis;
use crate::engine::restore::{look, volume};
use crate::operations::backup::place;
use crate::operations::datastore_facts::Stock;
use crate::operations::facts::Held;
use crate::operations::restore::chosen;
use crate::operations::restore_facts::{Archive, RestoreFacts, Stands};
use crate::operations::restore_origin::{Other, comes};

/// Which backup is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// The newest.
    Newest,
    /// That whose id begins so.
    Id(&'a str),
    /// None.
    None,
}

/// Reads it all. A backup that is named and not there is a failure.
pub async fn restore(
    engines: &Engines,
    spec: &DatastoreSpec,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<RestoreFacts, Failure> {
    looked(engines, spec, None, wanted, now).await
}

/// The same for a backup of another datastore.
pub async fn restore_from(
    engines: &Engines,
    spec: &DatastoreSpec,
    from: &DatastoreSpec,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<RestoreFacts, Failure> {
    // Nothing is asked for what cannot come.
    comes(spec, from)?;
    looked(engines, spec, Some(from), wanted, now).await
}

async fn looked(
    engines: &Engines,
    spec: &DatastoreSpec,
    from: Option<&DatastoreSpec>,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<RestoreFacts, Failure> {
    let reached = async { Ground::reach(engines, &spec.server, &place(spec)).await };
    let other = async {
        match from {
            Some(from) => Some(Other { spec: from.clone(), stock: stock(engines, from).await }),
            None => None,
        }
    };
    let (ground, stock, from) = tokio::join!(reached, stock(engines, spec), other);
    let backup = backup(from.as_ref().map_or(&stock, |it| &it.stock), wanted)?;
    let of = from.as_ref().map_or(spec, |it| &it.spec);
    let (lock, server, archive) = match ground {
        Ok(ground) => {
            let archive = archive(&ground, spec, of, backup.as_ref());
            let (seen, archive) = tokio::join!(there(&ground, spec), archive);
            match seen {
                Ok((lock, server)) => (lock, Ok(server), archive),
                Err(failure) => (None, Err(failure), archive),
            }
        }
        Err(failure) => (None, Err(failure), None),
    };
    Ok(RestoreFacts { as_of: now, lock, server, stock, from, backup, archive })
}

fn backup(stock: &Result<Stock, Failure>, wanted: Wanted<'_>) -> Result<Option<Backup>, Failure> {
    let (Ok(stock), id) = (
        stock,
        match wanted {
            Wanted::Newest => None,
            Wanted::Id(id) => Some(id),
            Wanted::None => return Ok(None),
        },
    ) else {
        return Ok(None);
    };
    chosen(&stock.backups, id).map(Option::<&Backup>::cloned)
}

async fn there(ground: &Ground, spec: &DatastoreSpec) -> Result<(Option<Held>, Stands), Failure> {
    let held = lock(ground).await?;
    let stands = match &spec.source {
        Source::Postgres { .. } => {
            let secret = password(ground, &spec.id).await?;
            Stands::Server(look::server(ground, &spec.source, secret.as_ref()).await?)
        }
        Source::Volume { volume } => Stands::Data(volume::look(ground, volume).await?),
        Source::Files { run_as, paths, exclude } => {
            let files = Files { datastore: &spec.id, run_as: run_as.as_deref(), paths };
            Stands::Data(files.look(ground, exclude).await?)
        }
        Source::Redis { .. } => {
            let password = password(ground, &spec.id).await?;
            let redis = Redis { source: &spec.source, password, folder: folder(&spec.id) };
            Stands::Data(redis.look(ground).await?.0)
        }
    };
    Ok((held, stands))
}

async fn archive(
    ground: &Ground,
    spec: &DatastoreSpec,
    of: &DatastoreSpec,
    backup: Option<&Backup>,
) -> Option<Result<Archive, Failure>> {
    let backup = backup.filter(|_| spec.source.is_sql())?;
    let listed = async {
        let secret = password(ground, &spec.id).await?;
        look::backup(ground, spec, of, secret.as_ref(), backup).await
    };
    Some(listed.await)
}
