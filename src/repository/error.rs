//! What can go wrong with a repository.

use std::path::PathBuf;

use rustic_core::RusticError;
use thiserror::Error;

use super::away::StoreError;
use crate::config::SecretError;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::quantity::Bytes;
use crate::domain::repository::RepositoryLock;
use crate::domain::text::{clean, shorten};

/// An error of a repository.
#[derive(Debug, Error)]
pub enum RepositoryError {
    /// There is no repository at its place.
    #[error("there is no repository in {0}")]
    NotThere(String),
    /// There is data of a repository, but not what it begins with.
    #[error("{0} holds data of a repository, but its file `config` is missing")]
    NoConfig(String),
    /// Its password could not be had.
    #[error("its password could not be had")]
    Secret(#[source] SecretError),
    /// No key of it is opened by the password.
    #[error("no key of it is opened by the password")]
    Password,
    /// What was to be stored did not come to its end.
    #[error("{0} did not come to its end")]
    Cut(String),
    /// What was read back is not what was written.
    #[error("{file} is not what was read: {found} bytes came back of {written}")]
    Differs {
        /// Which file of the backup.
        file: String,
        /// Bytes that were written.
        written: u64,
        /// Bytes that came back.
        found: u64,
    },
    /// Somebody else works on it.
    #[error("somebody else works on it: {}", .0.describe())]
    Locked(Box<RepositoryLock>),
    /// More would go than was shown.
    #[error("{now} would go by now, and {shown} were shown")]
    MoreGoes {
        /// What the plan said.
        shown: Bytes,
        /// What it is now.
        now: Bytes,
    },
    /// A password that is to be added opens it already.
    #[error("that password opens it already")]
    Opens,
    /// What an archive holds could not be told by its headers.
    #[error("its archive cannot be listed: {0}")]
    Unlisted(String),
    /// It was given up on the way.
    #[error("it was given up")]
    Stopped,
    /// A file beside the repository's format could not be read.
    #[error("{} could not be read", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Anything else that the library tells of.
    #[error("{}", said(.0))]
    Library(Box<RusticError>),
    /// The thread that it ran on ended without an answer.
    #[error("it ended without an answer")]
    Died,
}

/// The library's error on one line: its own text goes over many.
fn said(error: &RusticError) -> String {
    let text = error.display_log();
    let text = text.strip_prefix("Error: ").unwrap_or(&text);
    shorten(&clean(&text.split_whitespace().collect::<Vec<_>>().join(" ")), 400).into_owned()
}

impl From<Box<RusticError>> for RepositoryError {
    fn from(error: Box<RusticError>) -> Self {
        if error.is_incorrect_password() { Self::Password } else { Self::Library(error) }
    }
}

impl RepositoryError {
    /// For the screen; `what` is verb and object (`open the repository main`).
    pub fn into_failure(self, what: &str) -> Failure {
        let hint = match &self {
            Self::NotThere(at) => {
                Some(format!("see that {at} is the right place, and mounted where it is a folder"))
            }
            Self::NoConfig(_) => Some("bring `config` back, or name another place".to_owned()),
            Self::Password => Some("see which password `password` leads to".to_owned()),
            Self::Locked(_) => {
                Some("wait for it; where it has died: midwatch repo unlock REPOSITORY".to_owned())
            }
            Self::MoreGoes { .. } => Some("plan it anew".to_owned()),
            Self::Library(error) if no_space(error) => Some("make room where the repository is".to_owned()),
            Self::Library(error) => away(error).and_then(StoreError::hint),
            _ => None,
        };
        let kind = match self {
            Self::Secret(error) => return error.into_failure(what),
            Self::NotThere(_) => FailureKind::NotFound,
            Self::Password => FailureKind::Auth,
            Self::Stopped | Self::Locked(_) | Self::MoreGoes { .. } => FailureKind::Conflict,
            Self::Library(ref error) => away(error).map_or(FailureKind::Invalid, StoreError::kind),
            Self::NoConfig(_)
            | Self::Cut(_)
            | Self::Differs { .. }
            | Self::Io { .. }
            | Self::Unlisted(_)
            | Self::Opens => FailureKind::Invalid,
            Self::Died => FailureKind::Bug,
        };
        Failure { kind, what: what.to_owned(), why: Failure::chain(&self), hint, retry: Retry::Never }
    }

    /// Whether nothing can be written there: a folder of others, or a store elsewhere that does not let who
    /// is logged in do it. A login that may do nothing at all is told of by what is read next.
    pub(super) fn is_read_only(&self) -> bool {
        use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let Self::Library(error) = self else { return false };
        matches!(io(error), Some(PermissionDenied | ReadOnlyFilesystem))
            || matches!(away(error).map(StoreError::kind), Some(FailureKind::Permission))
    }
}

/// Whether an error says that a disk is full.
fn no_space(error: &RusticError) -> bool {
    matches!(io(error), Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
}

/// What a store elsewhere said, where one is the cause.
fn away(error: &RusticError) -> Option<&StoreError> {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if let Some(store) = cause.downcast_ref::<StoreError>() {
            return Some(store);
        }
        next = cause.source();
    }
    None
}

/// What a file said, where one is the cause.
fn io(error: &RusticError) -> Option<std::io::ErrorKind> {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = cause.source();
    }
    None
}
