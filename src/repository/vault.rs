//! One repository: where it is and what opens it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustic_core::repofile::MasterKey;
use rustic_core::{
    ConfigOptions, Credentials, FileType, KeyOptions, OpenStatus, ReadBackend, Repository,
    RepositoryBackends, RepositoryOptions, WriteBackend,
};
use secrecy::{ExposeSecret, SecretString};

use super::RepositoryError;
use super::away::{Away, Rest, S3, Sftp, Which};
use super::folder::Folder;
use super::shelf::Shelf;
use crate::config::{RepositoryConfig, RepositoryPlace, Secret};
use crate::domain::clock::Clock;
use crate::domain::ids::RepositoryId;
use crate::domain::quantity::Bytes;
use crate::transports::Links;

/// A repository that the configuration names.
#[derive(Clone)]
pub struct Vault {
    /// Its name.
    pub id: RepositoryId,
    place: RepositoryPlace,
    password: Secret,
    pub(super) clock: Arc<dyn Clock>,
    links: Option<Arc<Links>>,
    /// What it was opened with before: a password takes a good part of a second and 128 MiB to become that.
    known: Arc<Mutex<Option<MasterKey>>>,
    /// Its files; made when they are first asked for.
    shelf: Arc<OnceLock<Arc<dyn Shelf>>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("id", &self.id).field("at", &self.at()).finish_non_exhaustive()
    }
}

impl Vault {
    /// As it is configured.
    pub fn new(id: &RepositoryId, config: &RepositoryConfig, clock: Arc<dyn Clock>) -> Self {
        Self {
            id: id.clone(),
            place: config.place.clone(),
            password: config.password.clone(),
            clock,
            links: None,
            known: Arc::default(),
            shelf: Arc::default(),
        }
    }

    /// The same with the connections over which one is reached that lies on a host of SSH's.
    #[must_use]
    pub fn over(self, links: &Arc<Links>) -> Self {
        Self { links: Some(Arc::clone(links)), ..self }
    }

    /// Where it is, for the reader.
    pub fn at(&self) -> String {
        self.place.to_string()
    }

    /// The folder, where it is one of this machine.
    pub fn folder(&self) -> Option<&PathBuf> {
        self.place.folder()
    }

    /// Whether there is a repository at its place. One that is not there yet can be made; one that does not
    /// answer is a failure.
    pub async fn is_there(&self) -> Result<bool, RepositoryError> {
        let vault = self.clone();
        blocking(move || Ok(!vault.backend().list(FileType::Config)?.is_empty())).await
    }

    /// For how many bytes there is room where it is elsewhere; `None` where nobody says.
    pub async fn room(&self) -> Result<Option<Bytes>, RepositoryError> {
        let vault = self.clone();
        blocking(move || Ok(vault.shelf().room()?.map(Bytes))).await
    }

    /// The password that opens it, fetched.
    pub async fn password(&self) -> Result<SecretString, RepositoryError> {
        self.password.resolve().await.map_err(RepositoryError::Secret)
    }

    /// Whether its password can be had.
    pub async fn try_password(&self) -> Result<(), RepositoryError> {
        self.password().await.map(|_| ())
    }

    /// Where its files are, with its locks. Those elsewhere need a tokio runtime around.
    pub(super) fn shelf(&self) -> Arc<dyn Shelf> {
        let made = || -> Arc<dyn Shelf> {
            match &self.place {
                RepositoryPlace::Folder(path) => Arc::new(Folder(path.clone())),
                RepositoryPlace::Sftp(place) => {
                    Arc::new(Away::new(Sftp::new(&self.id, place.clone(), self.links.clone())))
                }
                RepositoryPlace::Rest { url, login } => {
                    Arc::new(Away::new(Rest::new(url.clone(), login.clone(), Arc::clone(&self.clock))))
                }
                RepositoryPlace::S3 { endpoint, bucket, prefix, region, key, secret } => {
                    let which = Which { endpoint, bucket, prefix, region, key };
                    Arc::new(Away::new(S3::new(&which, secret.clone(), Arc::clone(&self.clock))))
                }
            }
        };
        Arc::clone(self.shelf.get_or_init(made))
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
            return Err(RepositoryError::NotThere(self.at()));
        }
        Ok(over(backend)?.open(credentials)?)
    }

    fn make(&self, credentials: &Credentials) -> Result<Repository<OpenStatus>, RepositoryError> {
        let backend = self.backend();
        clear(&*backend, &self.at())?;
        Ok(over(backend)?.init(credentials, &KeyOptions::default(), &ConfigOptions::default())?)
    }
}

fn over(backend: Arc<dyn WriteBackend>) -> Result<Repository<()>, RepositoryError> {
    // What is kept aside would be one more thing to leave behind, and what is kept elsewhere is read again.
    let options = RepositoryOptions::default().no_cache(true);
    Ok(Repository::new(&options, &RepositoryBackends::new(backend, None))?)
}

/// Makes way for a new repository: what is left of one that was not made to its end is a key that opens
/// nothing, and would be taken for the new one's.
fn clear(backend: &dyn WriteBackend, at: &str) -> Result<(), RepositoryError> {
    for tpe in [FileType::Snapshot, FileType::Index, FileType::Pack] {
        if !backend.list(tpe)?.is_empty() {
            return Err(RepositoryError::NoConfig(at.to_owned()));
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
