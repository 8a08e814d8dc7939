//! What keeps a repository's files elsewhere, by their kind and name.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use rustic_core::Id;
use thiserror::Error;

use crate::config::SecretError;
use crate::domain::failure::FailureKind;
use crate::http::HttpError;
use crate::http::retry::is_passing;

/// A kind of file, as restic's layout has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::repository) enum Kind {
    /// The one file that a repository begins with.
    Config,
    /// What its passwords open.
    Keys,
    /// Backups.
    Snapshots,
    /// Where what is.
    Index,
    /// What was backed up.
    Data,
    /// Who works on it.
    Locks,
}

impl Kind {
    /// The folder's name; of the config the file's own.
    pub(in crate::repository) const fn folder(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Keys => "keys",
            Self::Snapshots => "snapshots",
            Self::Index => "index",
            Self::Data => "data",
            Self::Locks => "locks",
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::repository) struct Named {
    /// Its kind.
    pub(in crate::repository) kind: Kind,
    /// Its name, 64 hex digits; empty for the config.
    pub(in crate::repository) name: String,
}

impl Named {
    /// By its id, which the config has none of.
    pub(in crate::repository) fn new(kind: Kind, id: &Id) -> Self {
        let name = if kind == Kind::Config { String::new() } else { id.to_hex().as_str().to_owned() };
        Self { kind, name }
    }

    /// The config.
    pub(in crate::repository) const fn config() -> Self {
        Self { kind: Kind::Config, name: String::new() }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.folder())?;
        if self.name.is_empty() { Ok(()) } else { write!(f, "/{}", self.name) }
    }
}

/// A part of a file.
#[derive(Clone, Copy, Debug)]
pub(in crate::repository) struct Part {
    /// Where it begins, in bytes.
    pub(in crate::repository) offset: u32,
    /// How long it is, in bytes.
    pub(in crate::repository) length: u32,
}

impl Part {
    /// As HTTP asks for it (RFC 9110, 14.1.2).
    pub(in crate::repository) fn header(self) -> String {
        let last = (u64::from(self.offset) + u64::from(self.length)).saturating_sub(1);
        format!("bytes={}-{last}", self.offset)
    }
}

/// Why a store did not do it.
#[derive(Debug, Error)]
pub(in crate::repository) enum StoreError {
    /// Its answer, or that there was none.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What it is asked with could not be had.
    #[error("the secret of its login could not be had")]
    Secret(#[source] SecretError),
    /// It answered, and that makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// The program ended meanwhile.
    #[error("midwatch ended")]
    Ended,
}

impl StoreError {
    /// Its kind.
    pub(in crate::repository) fn kind(&self) -> FailureKind {
        match self {
            Self::Http(error) => error.kind(),
            Self::Secret(_) => FailureKind::Auth,
            Self::Nonsense(_) => FailureKind::Invalid,
            Self::Ended => FailureKind::Bug,
        }
    }

    /// Whether the same may go well in a moment.
    pub(in crate::repository) fn passes(&self) -> bool {
        match self {
            Self::Http(HttpError::Status { status, .. }) => is_passing(*status),
            Self::Http(error) => matches!(
                error,
                HttpError::RateLimited { .. } | HttpError::Client(_) | HttpError::Deadline { .. }
            ),
            Self::Secret(_) | Self::Nonsense(_) | Self::Ended => false,
        }
    }
}

/// Keeps files. What is written is there whole or not at all.
#[async_trait]
pub(in crate::repository) trait Store: fmt::Debug + Send + Sync {
    /// Where it is, for the reader.
    fn at(&self) -> String;

    /// Makes ready what a new repository needs.
    async fn prepare(&self) -> Result<(), StoreError>;

    /// The names of all files of a kind, with their sizes in bytes.
    async fn list(&self, kind: Kind) -> Result<Vec<(String, u64)>, StoreError>;

    /// A file's size; `None` where it is not there.
    async fn size(&self, named: &Named) -> Result<Option<u64>, StoreError>;

    /// A file or a part of it; `None` where it is not there.
    async fn read(&self, named: &Named, part: Option<Part>) -> Result<Option<Bytes>, StoreError>;

    /// Writes a file.
    async fn write(&self, named: &Named, content: Bytes) -> Result<(), StoreError>;

    /// Removes a file; one that is not there is as good.
    async fn remove(&self, named: &Named) -> Result<(), StoreError>;
}
