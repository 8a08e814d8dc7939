//! Moving a damaged file out of the way, never under another console that has it open.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::HistoryError;
use crate::domain::time::Timestamp;

/// Says that this console has the file open. It lies beside it, since a database that is renamed
/// while it is open is lost: its write-ahead log is found by name.
#[derive(Debug)]
pub struct Presence(File);

impl Presence {
    /// Takes part with the others.
    pub fn share(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(beside(path, ".lock"))?;
        file.lock_shared()?;
        Ok(Self(file))
    }

    /// Moves the database and what belongs to it to a name with the date, and gives that back. The
    /// caller has closed its own connection. Refused where another console takes part.
    pub fn move_aside(&self, path: &Path, now: Timestamp) -> Result<PathBuf, HistoryError> {
        let failed = |source| HistoryError::Open { path: path.to_owned(), source };
        match self.0.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HistoryError::DamagedInUse),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let moved = rename(path, now).map_err(failed);
        // Back to taking part: where that fails the file would be moved under nobody but us.
        self.0.lock_shared().map_err(failed)?;
        moved
    }
}

fn rename(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let stamp: String = now.rfc3339().chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let base = beside(path, &format!(".damaged-{stamp}"));
    let mut to = base.clone();
    let mut number = 1;
    while to.try_exists()? {
        number += 1;
        to = beside(&base, &format!("-{number}"));
    }
    for suffix in ["-wal", "-shm"] {
        match fs::rename(beside(path, suffix), beside(&to, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, &to)?;
    Ok(to)
}

/// The path with something added to its last part.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
