//! Saving log lines to a new file that only its owner reads, with secrets masked.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::redact::Redactor;
use crate::message::effect::SaveLogs;
use crate::store::logs::{Entry, LogStore};

/// Writes the file and says what was done. Blocks: to be called where that does not matter.
pub fn save(job: &SaveLogs, home: Option<PathBuf>) -> Result<String, Failure> {
    let path = expand(&job.path, home);
    let failed = |error: &io::Error| {
        let kind = match error.kind() {
            io::ErrorKind::AlreadyExists => FailureKind::Conflict,
            io::ErrorKind::NotFound => FailureKind::NotFound,
            io::ErrorKind::PermissionDenied => FailureKind::Permission,
            _ => FailureKind::Invalid,
        };
        let failure = Failure {
            why: Failure::chain(error),
            ..Failure::new(kind, format!("save lines to {}", path.display()), "")
        };
        match error.kind() {
            io::ErrorKind::AlreadyExists => failure.hint("choose another name: a file is never overwritten"),
            _ => failure,
        }
    };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let file = file.map_err(|error| failed(&error))?;
    let mut out = BufWriter::new(file);
    let written = write(job, &mut out).and_then(|told| {
        out.flush()?;
        out.get_ref().sync_all()?;
        Ok(told)
    });
    match written {
        Ok((lines, masked)) => {
            let secrets = match masked {
                0 => "no secret found in them".to_owned(),
                1 => "1 secret masked".to_owned(),
                n => format!("{n} secrets masked"),
            };
            Ok(format!("saved {lines} lines to {}, {secrets}", path.display()))
        }
        Err(error) => {
            // Half of the lines would be taken for all of them.
            let _ = std::fs::remove_file(&path);
            Err(failed(&error))
        }
    }
}

/// Writes each line with its time, source and level; gives back how many, and how many masks.
fn write(job: &SaveLogs, out: &mut impl Write) -> io::Result<(u64, u64)> {
    let mut redactors: Vec<Redactor> = vec![Redactor::default(); job.store.sources().len()];
    let mut lines = 0;
    let mut one = |entry: &Entry<'_>| {
        lines += 1;
        match redactors.get_mut(entry.cursor.source.0 as usize) {
            Some(redactor) => line(&job.store, entry, redactor, out),
            None => Ok(()),
        }
    };
    if job.only.is_empty() {
        let merged = job.store.merged(&job.sources, job.hits.as_deref());
        let until = merged.backward(job.end).next().map(|last| last.cursor);
        for entry in merged.forward(crate::store::logs::Cursor::START) {
            if until.is_none_or(|until| entry.cursor > until) {
                break;
            }
            one(&entry)?;
        }
    } else {
        for at in &job.only {
            if let Some(entry) = job.store.entry(at.source, at.seq) {
                one(&entry)?;
            }
        }
    }
    Ok((lines, redactors.iter().map(Redactor::masked).sum()))
}

fn line(
    store: &LogStore,
    entry: &Entry<'_>,
    redactor: &mut Redactor,
    out: &mut impl Write,
) -> io::Result<()> {
    let source = store.source(entry.cursor.source).map(ToString::to_string).unwrap_or_default();
    let level = entry.line.level.word();
    writeln!(out, "{} {source} {level} {}", entry.line.time.rfc3339(), redactor.line(entry.line.text))
}

fn expand(path: &str, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log_source::{LogSource, LogStream};
    use crate::domain::time::Timestamp;
    use crate::store::logs::{ChunkBuilder, Cursor, Flags};
    use std::os::unix::fs::PermissionsExt;

    fn job(path: String) -> SaveLogs {
        let mut builder = ChunkBuilder::default();
        builder.push_raw("INFO  login password=hunter2", Timestamp::from_secs(1), Flags::NONE);
        builder.push_raw("plain", Timestamp::from_secs(2), Flags::NONE);
        let source = LogSource { server: "a".into(), stream: LogStream::Journal { unit: None } };
        let mut store = LogStore::default();
        store.append(&source, &builder.take(), Timestamp::from_secs(9));
        let sources = vec![store.intern(&source)];
        SaveLogs { path, store, sources, hits: None, only: Vec::new(), end: Cursor::END }
    }

    #[test]
    fn lines_are_saved_masked_and_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let told = save(&job("~/lines.txt".to_owned()), Some(dir.path().to_owned())).unwrap();
        assert!(told.starts_with("saved 2 lines to ") && told.ends_with("1 secret masked"), "{told}");
        let path = dir.path().join("lines.txt");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "1970-01-01T00:00:01.000Z a/journal info INFO  login password=***\n\
             1970-01-01T00:00:02.000Z a/journal - plain\n"
        );
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("there");
        std::fs::write(&path, "mine").unwrap();
        let failure = save(&job(path.display().to_string()), None).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
    }
}
