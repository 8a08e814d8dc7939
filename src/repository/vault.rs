//! One repository: where it is and what opens it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustic_core::repofile::MasterKey;
use rustic_core::{
    ConfigOptions, Credentials, FileType, KeyOptions, OpenStatus, ReadBackend, Repository,
    RepositoryBackends, RepositoryOptions, WriteBackend,
};
use secrecy::{ExposeSecret, SecretString};

use super::RepositoryError;
use super::folder::Folder;
use super::shelf::Shelf;
use crate::config::{RepositoryConfig, Secret};
use crate::domain::clock::Clock;
use crate::domain::ids::RepositoryId;

/// A repository that the configuration names.
#[derive(Clone)]
pub struct Vault {
    /// Its name.
    pub id: RepositoryId,
    /// Its folder on this machine.
    pub path: PathBuf,
    password: Secret,
    pub(super) clock: Arc<dyn Clock>,
    /// What it was opened with before: a password takes a good part of a second and 128 MiB to become that.
    known: Arc<Mutex<Option<MasterKey>>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.id).field("path", &self.path).finish_non_exhaustive()
    }
}

impl Vault {
    /// As it is configured.
    pub fn new(id: &RepositoryId, config: &RepositoryConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            id: id.clone(),
            path: config.path.clone(),
            password: config.password.clone(),
            clock,
            known: Arc::default(),
        }
    }

    /// Where it is, for the reader.
    pub fn at(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether there is a repository at its place. One that is not there yet can be made.
    pub async fn is_there(&self) -> bool {
        tokio::fs::try_exists(self.path.join("config")).await.unwrap_or(false)
    }

    /// The password that opens it, fetched.
    pub async fn password(&self) -> Result<SecretString, RepositoryError> {
        self.password.resolve().await.map_err(RepositoryError::Secret)
    }

    /// Whether its password can be had.
    pub async fn try_password(&self) -> Result<(), RepositoryError> {
        self.password().await.map(|_| ())
    }

    /// Where its files are, with its locks.
    pub(super) fn shelf(&self) -> Arc<dyn Shelf> {
        Arc::new(Folder(self.path.clone()))
    }

    /// Where its files are.
    pub(super) fn backend(&self) -> Arc<dyn WriteBackend> {
        self.shelf()
    }

    /// What opens it, by its password where it was not opened before; makes it where `make` says so and it
    /// is not there.
    pub(super) async fn key(&self, make: bool) -> Result<MasterKey, RepositoryError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(key) = known {
            let (vault, its) = (self.clone(), key.clone());
            // It may be another repository by now.
            if blocking(move || vault.open(vault.backend(), &by(its)).map(|_| ())).await.is_ok() {
                return Ok(key);
            }
        }
        let (vault, password) = (self.clone(), self.password().await?);
        let key = blocking(move || {
            let credentials = Credentials::password(password.expose_secret());
            Ok(match vault.open(vault.backend(), &credentials) {
                Err(RepositoryError::NotThere(_)) if make => vault.make(&credentials)?.key(),
                opened => opened?.key(),
            })
        })
        .await?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(key)
    }

    /// Opens it over a backend. Blocks.
    pub(super) fn open(
        &self,
        backend: Arc<dyn WriteBackend>,
        credentials: &Credentials,
    ) -> Result<Repository<OpenStatus>, RepositoryError> {
        if backend.list(FileType::Config)?.is_empty() {
            return Err(RepositoryError::NotThere(self.path.clone()));
        }
        Ok(over(backend)?.open(credentials)?)
    }

    fn make(&self, credentials: &Credentials) -> Result<Repository<OpenStatus>, RepositoryError> {
        let backend = self.backend();
        clear(&*backend, &self.path)?;
        Ok(over(backend)?.init(credentials, &KeyOptions::default(), &ConfigOptions::default())?)
    }
}

fn over(backend: Arc<dyn WriteBackend>) -> Result<Repository<()>, RepositoryError> {
    // What is kept aside would be one more thing to leave behind, and a local folder needs none.
    let options = RepositoryOptions::default().no_cache(true);
    Ok(Repository::new(&options, &RepositoryBackends::new(backend, None))?)
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

/// What opens by a key.
pub(super) const fn by(key: MasterKey) -> Credentials {
    Credentials::Masterkey(key)
}

/// Runs what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RepositoryError> + Send + 'static,
) -> Result<T, RepositoryError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(RepositoryError::Died))
}
