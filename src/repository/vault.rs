//! One repository: where it is and what opens it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustic_core::{
    ConfigOptions, Credentials, FileType, KeyOptions, OpenStatus, ReadBackend, Repository,
    RepositoryBackends, RepositoryOptions, WriteBackend,
};
use secrecy::{ExposeSecret, SecretString};

use super::RepositoryError;
use super::folder::Folder;
use crate::config::{RepositoryConfig, Secret};
use crate::domain::ids::RepositoryId;

/// A repository that the configuration names.
#[derive(Clone, Debug)]
pub struct Vault {
    /// Its name.
    pub id: RepositoryId,
    /// Its folder on this machine.
    pub path: PathBuf,
    password: Secret,
}

impl Vault {
    /// As it is configured.
    pub fn new(id: &RepositoryId, config: &RepositoryConfig) -> Self {
        Self { id: id.clone(), path: config.path.clone(), password: config.password.clone() }
    }

    /// Whether there is a repository at its place. One that is not there yet can be made.
    pub async fn is_there(&self) -> bool {
        tokio::fs::try_exists(self.path.join("config")).await.unwrap_or(false)
    }

    pub(super) async fn password(&self) -> Result<SecretString, RepositoryError> {
        self.password.resolve().await.map_err(RepositoryError::Secret)
    }

    /// Whether its password can be had.
    pub async fn try_password(&self) -> Result<(), RepositoryError> {
        self.password().await.map(|_| ())
    }

    pub(super) fn backend(&self) -> Arc<dyn WriteBackend> {
        Arc::new(Folder(self.path.clone()))
    }

    /// Opens it over a backend, and makes it where that is wanted and it is not there. Blocks.
    pub(super) fn open(
        &self,
        backend: Arc<dyn WriteBackend>,
        password: &SecretString,
        make: bool,
    ) -> Result<Repository<OpenStatus>, RepositoryError> {
        let there = !backend.list(FileType::Config)?.is_empty();
        if !there && !make {
            return Err(RepositoryError::NotThere(self.path.clone()));
        }
        if !there {
            clear(&*backend, &self.path)?;
        }
        // What is kept aside would be one more thing to leave behind, and a local folder needs none.
        let options = RepositoryOptions::default().no_cache(true);
        let repository = Repository::new(&options, &RepositoryBackends::new(backend, None))?;
        let credentials = Credentials::password(password.expose_secret());
        Ok(if there {
            repository.open(&credentials)?
        } else {
            repository.init(&credentials, &KeyOptions::default(), &ConfigOptions::default())?
        })
    }
}

/// Makes way for a new repository: what is left of one that was not made to its end is a key that opens
/// nothing, and would be taken for the new one's.
fn clear(backend: &dyn WriteBackend, path: &Path) -> Result<(), RepositoryError> {
    for tpe in [FileType::Snapshot, FileType::Index, FileType::Pack] {
        if !backend.list(tpe)?.is_empty() {
            return Err(RepositoryError::NoConfig(path.to_owned()));
        }
    }
    for key in backend.list(FileType::Key)? {
        backend.remove(FileType::Key, &key, false)?;
    }
    Ok(())
}

/// Runs what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RepositoryError> + Send + 'static,
) -> Result<T, RepositoryError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(RepositoryError::Died))
}
