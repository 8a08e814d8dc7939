//! What is in a repository, and taking what has expired out of it.

use std::collections::BTreeSet;

use rustic_core::repofile::{SnapshotFile, SnapshotId};
use rustic_core::{FileType, ReadBackend};

use super::lock::Kind;
use super::vault::{blocking, by};
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
    /// The set of an app's backups that it is of.
    pub const SET: &str = "set:";
    /// What kind of backup, where it is none that was asked for.
    pub const KIND: &str = "kind:";
    /// Of that kind: what a restore replaced.
    pub const SAFETY: &str = "safety";
}

impl Vault {
    /// The names of all snapshots, ours or not: what they hold takes the password.
    pub async fn snapshots(&self) -> Result<BTreeSet<String>, RepositoryError> {
        let vault = self.clone();
        blocking(move || {
            let backend = vault.backend();
            if backend.list(FileType::Config)?.is_empty() {
                return Err(RepositoryError::NotThere(vault.at()));
            }
            let all = backend.list(FileType::Snapshot)?;
            Ok(all.iter().map(|id| id.to_hex().as_str().to_owned()).collect())
        })
        .await
    }

    /// The backups of all datastores, oldest first.
    pub async fn backups(&self) -> Result<Vec<Backup>, RepositoryError> {
        let key = self.key(false).await?;
        let vault = self.clone();
        blocking(move || {
            let repository = vault.open(vault.backend(), &by(key))?;
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
        let key = self.key(false).await?;
        let hold = self.hold(Kind::Shared).await?;
        let vault = self.clone();
        blocking(move || {
            let _hold = hold;
            let repository = vault.open(vault.backend(), &by(key))?;
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
        set: of(tag::SET),
        safety: of(tag::KIND).as_deref() == Some(tag::SAFETY),
    })
}
