//! Opening the file: for us alone, checked, brought to this version; another one in its place where
//! it is damaged.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::aside::Presence;
use super::error::HistoryError;
use super::names::Names;
use super::schema;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::time::Timestamp;

/// How long one console waits for another's transaction.
const BUSY: Duration = Duration::from_secs(5);
/// Files up to this size are read through when they are opened (about a second for so many); in
/// larger ones damage is found when it is met.
const CHECKED: u64 = 64 << 20;
/// What is left of the write-ahead log after it was taken over, in bytes.
const LOG_LEFT: i64 = 8 << 20;

/// The open file.
#[derive(Debug)]
pub struct Database {
    /// The connection.
    pub connection: Connection,
    /// Numbers of servers and metrics.
    pub names: Names,
    path: PathBuf,
    presence: Presence,
}

impl Database {
    /// Opens or makes the file and its folder. A damaged one is moved aside; the failure says where.
    pub fn open(path: &Path, now: Timestamp) -> Result<(Self, Option<Failure>), HistoryError> {
        let failed = |source| HistoryError::Open { path: path.to_owned(), source };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let presence = Presence::share(path).map_err(failed)?;
        match connect(path) {
            Ok(connection) => {
                Ok((Self { connection, names: Names::default(), path: path.to_owned(), presence }, None))
            }
            Err(error) if error.is_damage() => Self::start_anew(path, presence, &error, now),
            Err(error) => Err(error),
        }
    }

    /// Puts a new file in the place of this one, in which damage was met.
    pub fn replace(
        self,
        why: &HistoryError,
        now: Timestamp,
    ) -> Result<(Self, Option<Failure>), HistoryError> {
        let Self { connection, path, presence, .. } = self;
        // Closing may write back what it can; where it cannot, the file goes aside as it is.
        drop(connection);
        Self::start_anew(&path, presence, why, now)
    }

    fn start_anew(
        path: &Path,
        presence: Presence,
        why: &HistoryError,
        now: Timestamp,
    ) -> Result<(Self, Option<Failure>), HistoryError> {
        let moved = presence.move_aside(path, now)?;
        let connection = connect(path)?;
        let failure = Failure {
            kind: FailureKind::Invalid,
            what: format!("read the history in {}", path.display()),
            why: Failure::chain(why),
            hint: Some(format!("a new one was started, the old one is {}", moved.display())),
            retry: Retry::Never,
        };
        let this = Self { connection, names: Names::default(), path: path.to_owned(), presence };
        Ok((this, Some(failure)))
    }
}

fn connect(path: &Path) -> Result<Connection, HistoryError> {
    // Made by us, since the database would make it readable by everyone; its other files take over
    // the permissions of this one.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            return Err(HistoryError::Open { path: path.to_owned(), source });
        }
        _ => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    schema::migrate(&mut connection)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "journal_size_limit", LOG_LEFT)?;
    let size = path.metadata().map_or(0, |it| it.len());
    if size <= CHECKED {
        let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
        if verdict != "ok" {
            return Err(HistoryError::Damaged(verdict.lines().next().unwrap_or_default().to_owned()));
        }
    }
    Ok(connection)
}
