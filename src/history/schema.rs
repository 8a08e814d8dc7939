//! The tables, and how an older file becomes one of this version.
//!
//! `user_version` counts the migrations that a file has had; `application_id` says that it is ours.
//! A later room adds its tables (journal, releases and backups seen) as a further migration.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::error::HistoryError;

/// `mwch` in ASCII, see <https://www.sqlite.org/fileformat.html#application_id>.
const APPLICATION: i32 = 0x6d77_6368;

/// One step each, never changed after a release.
const MIGRATIONS: [&str; VERSION as usize] = [
    // A frame's `tier` is its length in minutes; `at` is the minute since 1970 in which it begins.
    // A metric's number must never be given out again: frames of any server hold it.
    "CREATE TABLE server (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
     CREATE TABLE metric (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL
     ) STRICT;
     CREATE TABLE frame (
         tier INTEGER NOT NULL, server INTEGER NOT NULL REFERENCES server, at INTEGER NOT NULL,
         body BLOB NOT NULL, PRIMARY KEY (tier, server, at)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE mark (
         server INTEGER NOT NULL REFERENCES server, at INTEGER NOT NULL, kind TEXT NOT NULL,
         text TEXT NOT NULL, PRIMARY KEY (server, at, kind, text)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE progress (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
];

/// Between two tries to turn the write-ahead log on, and how many there are: about a second.
const PAUSE: Duration = Duration::from_millis(5);
const TRIES: usize = 200;

/// The version of this program's files.
pub const VERSION: i32 = 1;

/// Brings a file to this version, or says why it must be left alone. Reads before it writes: a file
/// that is not ours is not touched.
pub fn migrate(connection: &mut Connection) -> Result<(), HistoryError> {
    // In one transaction: between two reads another console may make the tables.
    let read = connection.transaction()?;
    let version = version(&read)?;
    let application: i32 = read.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = read.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    read.commit()?;
    if application != APPLICATION && (application != 0 || version != 0 || tables > 0) {
        return Err(HistoryError::Foreign);
    }
    if version > VERSION {
        return Err(HistoryError::Newer { found: version, known: VERSION });
    }
    log_ahead(connection)?;
    if version == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another console may have done it while this one waited for the lock.
    let done = usize::try_from(self::version(&transaction)?).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Turns the write-ahead log on. Two consoles that do it at once may each hold what the other needs,
/// where the database refuses at once instead of waiting; it is for the caller to try again, see
/// <https://www.sqlite.org/c3ref/busy_handler.html>.
#[expect(clippy::disallowed_methods, reason = "the database has a thread of its own, which has to wait")]
fn log_ahead(connection: &Connection) -> Result<(), rusqlite::Error> {
    let mut tries = 0;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error) if tries < TRIES && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                tries += 1;
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

fn version(connection: &Connection) -> Result<i32, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
