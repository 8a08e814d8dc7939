//! What keeps a repository's files elsewhere, by their kind and name.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use rustic_core::Id;
use thiserror::Error;

use crate::config::SecretError;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::quantity::Bytes as Size;
use crate::http::HttpError;
use crate::http::retry::is_passing;
use crate::transports::sftp::{Room, SftpError};

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
    /// Its host could not be reached over SSH, or has no SFTP.
    #[error("cannot {}: {}", .0.what, .0.reason())]
    Reach(Box<Failure>),
    /// What SFTP said of a file.
    #[error(transparent)]
    Sftp(#[from] SftpError),
    /// There is no room.
    #[error("there is no room in {at}: {} to write, {}", Size(*.wanted), left(*.room))]
    Full {
        /// The folder.
        at: String,
        /// What there is.
        room: Room,
        /// Bytes to write.
        wanted: u64,
    },
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

/// What there is room for, in words.
fn left(room: Room) -> String {
    match room.files {
        Some(0) => "and no further file can be made".to_owned(),
        _ => format!("{} free", Size(room.bytes)),
    }
}

impl StoreError {
    /// Its kind.
    pub(in crate::repository) fn kind(&self) -> FailureKind {
        match self {
            Self::Http(error) => error.kind(),
            Self::Reach(failure) => failure.kind,
            Self::Sftp(SftpError::NotThere(_)) => FailureKind::NotFound,
            Self::Sftp(SftpError::Denied(_)) => FailureKind::Permission,
            Self::Sftp(SftpError::Lost(_)) => FailureKind::Unreachable,
            Self::Secret(_) => FailureKind::Auth,
            Self::Sftp(SftpError::Refused { .. } | SftpError::Short { .. })
            | Self::Full { .. }
            | Self::Nonsense(_) => FailureKind::Invalid,
            Self::Ended => FailureKind::Bug,
        }
    }

    /// What a person can do about it.
    pub(in crate::repository) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Http(error) if matches!(error.kind(), FailureKind::Auth | FailureKind::Permission) => {
                "see who `user` and `secret` of the repository name, and what they may do".to_owned()
            }
            Self::Secret(_) => "see where `secret` of the repository leads".to_owned(),
            Self::Reach(failure) => return failure.hint.clone(),
            Self::Sftp(SftpError::Denied(path)) => {
                format!("see whose {path} is there, and what the account in `url` may do")
            }
            Self::Sftp(SftpError::NotThere(path)) => {
                format!("see whether {path} is the right place, and mounted there")
            }
            Self::Sftp(SftpError::Refused { .. }) => {
                "see there whether a quota is reached, and that nothing else has that name".to_owned()
            }
            Self::Full { .. } => "make room where the repository is".to_owned(),
            _ => return None,
        })
    }

    /// Whether the same may go well in a moment.
    pub(in crate::repository) fn passes(&self) -> bool {
        match self {
            Self::Http(HttpError::Status { status, .. }) => is_passing(*status),
            Self::Http(error) => matches!(
                error,
                HttpError::RateLimited { .. } | HttpError::Client(_) | HttpError::Deadline { .. }
            ),
            Self::Reach(failure) => matches!(
                failure.kind,
                FailureKind::Unreachable | FailureKind::Timeout | FailureKind::Conflict
            ),
            Self::Sftp(error) => matches!(error, SftpError::Lost(_)),
            Self::Full { .. } | Self::Secret(_) | Self::Nonsense(_) | Self::Ended => false,
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

    /// Takes away what was begun and is no file. Only while nobody else writes.
    async fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// For how many bytes there is room; `None` where nobody says.
    async fn room(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
}
