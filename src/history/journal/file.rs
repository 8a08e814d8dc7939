//! The journal's file: appending to it, so that it is on the disk, and reading it.
//!
//! A line is the entry's JSON, a tab, and SHA-256 over that JSON in hex. The JSON holds the hash of
//! the line before, so each hash holds all before it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::entry::{Entry, Written};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::hex;
use crate::domain::time::Timestamp;

/// How much of the end is read to find the last line; a plan is far shorter.
const TAIL: u64 = 4 << 20;

/// A journal. Cheap to clone; each append opens the file anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    path: PathBuf,
}

/// What goes wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its last line is none of ours.
    #[error("the last line of {} is not a journal's", .0.display())]
    Foreign(PathBuf),
    /// An entry has no JSON form.
    #[error("an entry cannot be written")]
    Entry(#[from] serde_json::Error),
}

impl JournalError {
    /// For the screen.
    pub fn into_failure(self, what: &str) -> Failure {
        let failure = Failure { why: Failure::chain(&self), ..Failure::new(FailureKind::Invalid, what, "") };
        failure.hint("nothing is changed anywhere without its journal; see midwatch journal verify")
    }
}

impl Journal {
    /// The journal in this file, which need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> JournalError + '_ {
        |source| JournalError::File { path: self.path.clone(), source }
    }

    /// Appends entries; when this returns they are on the disk. It blocks.
    pub fn append(&self, at: Timestamp, entries: &[Entry]) -> Result<(), JournalError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(self.failed())?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)
            .map_err(self.failed())?;
        // Given back when the file is closed.
        file.lock().map_err(self.failed())?;
        let (mut seq, mut before, torn) = self.last(&mut file)?;
        let mut text = String::new();
        if torn.is_some() {
            text.push('\n');
        }
        let torn = torn.map(|text| Entry::Torn { text });
        for entry in torn.iter().chain(entries) {
            seq += 1;
            let written = Written { seq, at, before, entry: entry.clone() };
            let json = serde_json::to_string(&written)?;
            before = hash(&json);
            text.push_str(&json);
            text.push('\t');
            text.push_str(&before);
            text.push('\n');
        }
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(self.failed())
    }

    /// The number and hash of the last whole line, and what stands after it without an end.
    fn last(&self, file: &mut File) -> Result<(u64, String, Option<String>), JournalError> {
        let length = file.seek(SeekFrom::End(0)).map_err(self.failed())?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).map_err(self.failed())?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes).map_err(self.failed())?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = (whole < bytes.len()).then(|| String::from_utf8_lossy(&bytes[whole..]).into_owned());
        let text = String::from_utf8_lossy(&bytes[..whole]);
        // A torn line was closed before the line that tells of it; it holds no hash.
        let mut lines = text.lines().rev().peekable();
        if lines.peek().is_none() {
            return Ok((0, "0".repeat(64), torn));
        }
        let last = lines.find_map(|line| {
            let (json, hash) = line.split_once('\t')?;
            let written: Written = serde_json::from_str(json).ok()?;
            Some((written.seq, hash.to_owned()))
        });
        let (seq, hash) = last.ok_or_else(|| JournalError::Foreign(self.path.clone()))?;
        Ok((seq, hash, torn))
    }

    /// The whole text; empty where there is no file yet.
    pub fn read(&self) -> Result<String, JournalError> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(self.failed()(error)),
        }
    }

    /// The entries, oldest first; lines that are none are left out, [`super::verify`] names them.
    pub fn entries(&self) -> Result<Vec<Written>, JournalError> {
        let text = self.read()?;
        let entry = |line: &str| serde_json::from_str(line.split_once('\t')?.0).ok();
        Ok(text.lines().filter_map(entry).collect())
    }
}

/// The hash of a line's JSON.
pub(super) fn hash(json: &str) -> String {
    hex(&Sha256::digest(json.as_bytes()))
}
