//! What can go wrong with the database.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::domain::failure::{Failure, FailureKind, Retry};

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file or its folder cannot be made or opened.
    #[error("cannot open {}", .path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database says no.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// Its content is not what a database is made of.
    #[error("the file is damaged ({0})")]
    Damaged(String),
    /// It is damaged, and may not be moved aside under another console.
    #[error("the file is damaged, and another console has it open")]
    DamagedInUse,
    /// A later version wrote it.
    #[error("a newer midwatch wrote it (schema {found}, this one knows {known})")]
    Newer {
        /// The version in the file.
        found: i32,
        /// The latest that is known here.
        known: i32,
    },
    /// Another program's database.
    #[error("it is another program's database")]
    Foreign,
    /// Its thread has ended, or is not started.
    #[error("history is closed")]
    Closed,
}

impl HistoryError {
    /// Whether the content of the file is broken, so that only another file helps.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Database(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            _ => false,
        }
    }

    /// Whether trying again later can help without a person doing anything to the file.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::Database(_)) && !self.is_damage()
    }

    /// For the screen: what was to be done, and this as the reason.
    pub fn failure(&self, what: &str, again: Duration) -> Failure {
        let (kind, hint) = match self {
            Self::Open { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                (FailureKind::Permission, "history.path in the configuration puts it elsewhere")
            }
            Self::Open { .. } => {
                (FailureKind::NotFound, "history.path in the configuration puts it elsewhere")
            }
            Self::Database(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => (FailureKind::Conflict, "make room on the disk"),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    (FailureKind::Conflict, "another process holds the file")
                }
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                    (FailureKind::Permission, "the folder and the file must be writable")
                }
                _ => (FailureKind::Invalid, "live values are shown all the same"),
            },
            Self::Damaged(_) => (FailureKind::Invalid, "move the file away"),
            Self::DamagedInUse => (FailureKind::Conflict, "end the other console, then start this one again"),
            Self::Newer { .. } => (
                FailureKind::Unsupported,
                "use the newer midwatch, or give this one another file by history.path",
            ),
            Self::Foreign => (FailureKind::Conflict, "give history.path another file"),
            Self::Closed => (FailureKind::NotFound, "live values are shown all the same"),
        };
        let retry = if self.is_passing() { Retry::After(again) } else { Retry::Never };
        let mut why = Failure::chain(self);
        if matches!(self, Self::Database(_)) {
            // The library's source says the same again, in the words of its error code.
            why.truncate(1);
        }
        Failure { kind, what: what.to_owned(), why, hint: Some(hint.to_owned()), retry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_once_with_what_to_do() {
        let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        let error = rusqlite::Error::SqliteFailure(full, Some("database or disk is full".to_owned()));
        let failure = HistoryError::from(error).failure("keep samples", Duration::from_secs(60));
        assert_eq!(
            failure.to_string(),
            "cannot keep samples: database or disk is full (make room on the disk)"
        );
        let bare = HistoryError::from(rusqlite::Error::SqliteFailure(full, None));
        assert!(!bare.failure("keep samples", Duration::from_secs(60)).why.is_empty());
    }
}
