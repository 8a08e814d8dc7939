//! What is in a repository, and taking what has expired out of it.

use rustic_core::repofile::{SnapshotFile, SnapshotId};

use super::vault::blocking;
use super::{RepositoryError, Vault};
use crate::domain::backup::Backup;
use crate::domain::ids::{DatastoreId, ServerId};
use crate::domain::quantity::Bytes;
use crate::domain::text::clean;
use crate::domain::time::Timestamp;

/// What a snapshot's tags begin with where they say something of it.
pub mod tag {
    /// The datastore; a snapshot without it is not ours.
    pub const DATASTORE: &str = "datastore:";
    /// Who.
    pub const BY: &str = "by:";
    /// Why.
    pub const WHY: &str = "why:";
    /// The release of the app.
    pub const RELEASE: &str = "release:";
    /// The run.
    pub const RUN: &str = "run:";
}

impl Vault {
    /// The backups of all datastores, oldest first.
    pub async fn backups(&self) -> Result<Vec<Backup>, RepositoryError> {
        let (vault, password) = (self.clone(), self.password().await?);
        blocking(move || {
            let repository = vault.open(vault.backend(), &password, false)?;
            let all = repository.get_all_snapshots()?;
            let mut backups: Vec<Backup> = all.iter().filter_map(backup).collect();
            backups.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
            Ok(backups)
        })
        .await
    }

    /// Takes backups out of the repository; what they alone held stays in it until it is pruned. Those
    /// that are not there any more are passed over.
    pub async fn forget(&self, ids: Vec<String>) -> Result<usize, RepositoryError> {
        let (vault, password) = (self.clone(), self.password().await?);
        blocking(move || {
            let repository = vault.open(vault.backend(), &password, false)?;
            let there: Vec<SnapshotId> = repository.list::<SnapshotId>()?.collect();
            let gone: Vec<SnapshotId> =
                there.into_iter().filter(|it| ids.iter().any(|id| id == it.to_hex().as_str())).collect();
            repository.delete_snapshots(&gone)?;
            Ok(gone.len())
        })
        .await
    }
}

/// A snapshot as a backup of ours, where it is one.
fn backup(it: &SnapshotFile) -> Option<Backup> {
    let tags: Vec<&String> = it.tags.iter().collect();
    let of = |start: &str| {
        let found = tags.iter().find_map(|tag| tag.strip_prefix(start));
        found.map(|text| clean(text).into_owned())
    };
    let summary = it.summary.as_ref();
    let took = summary.map_or(0.0, |it| it.backup_duration).max(0.0);
    Some(Backup {
        id: it.id.to_hex().as_str().to_owned(),
        datastore: DatastoreId::from(of(tag::DATASTORE)?),
        server: ServerId::from(clean(&it.hostname).into_owned()),
        at: Timestamp::from_millis(it.time.timestamp().as_millisecond()),
        took: std::time::Duration::try_from_secs_f64(took).unwrap_or_default(),
        bytes: Bytes(summary.map_or(0, |it| it.total_bytes_processed)),
        stored: Bytes(summary.map_or(0, |it| it.data_added_packed)),
        by: of(tag::BY).unwrap_or_default(),
        reason: of(tag::WHY),
        release: of(tag::RELEASE),
        run: of(tag::RUN),
    })
}
