//! The archives of PostgreSQL servers' write-ahead logs, by the programs that keep them, and what the servers
//! say of their archiving.
//!
//! Lives here: the asking. What each program answers is read in a file of its own; what it comes to is judged
//! in `domain::archive`.

mod archiver;
mod barman;
mod pgbackrest;
mod walg;

use std::time::Duration;

use self::archiver::Asked;
use crate::config::Secret;
use crate::domain::archive::{ArchiveSpec, Archived, Tool};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{DatastoreId, ServerId};
use crate::domain::text::{clean, shorten};
use crate::domain::wal::USUAL;
use crate::transports::exec::ExitStatus;
use crate::transports::failed::{LATER, command_failed};
use crate::transports::{Transport, Within};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(50);
/// The longest answer that is read: some hundred thousand segments.
const LONGEST: usize = 16 << 20;
/// The longest complaint that is kept, in characters.
const COMPLAINT: usize = 300;

/// An archive to ask about.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchiveOf {
    /// Whose it is.
    pub datastore: DatastoreId,
    /// What is asked, and where.
    pub spec: ArchiveSpec,
    /// The database, where it is on the same server: what it says of its archiving is asked too.
    pub server: Option<(Source, Option<Secret>)>,
}

/// Looks once, over a connection to the server that has the program.
pub async fn look(transport: &dyn Transport, server: &ServerId, of: &ArchiveOf) -> Result<Archived, Failure> {
    let asked = match &of.server {
        Some((source, password)) => Some(archiver::ask(transport, server, source, password.as_ref()).await),
        None => None,
    };
    let size = match &asked {
        Some(Ok(Asked { segment, .. })) => *segment,
        _ => USUAL,
    };
    let ArchiveSpec { tool, name, .. } = &of.spec;
    let what = format!("ask {} on {server} about {}", tool.name(), of.datastore);
    let text = answer(transport, &of.spec, &what).await?;
    let nonsense = |why: String| Failure::new(FailureKind::Invalid, &what, why);
    let mut archived = match tool {
        Tool::PgBackRest => pgbackrest::read(&text, name, size),
        Tool::Barman => barman::read(&text, name, size),
        Tool::WalG => walg::read(&text, size),
    }
    .map_err(nonsense)?;
    if let Some(asked) = asked {
        if let Ok(Asked { off: true, .. }) = &asked
            && archived.complaint.is_none()
        {
            archived.complaint = Some("archive_mode is off on the server: nothing is archived".to_owned());
        }
        archived.archiver = Some(asked.map(|it| it.archiver).map_err(|failure| failure.reason()));
    }
    Ok(archived)
}

/// What the program answers.
async fn answer(transport: &dyn Transport, spec: &ArchiveSpec, what: &str) -> Result<String, Failure> {
    let ArchiveSpec { tool, name, container, run_as, config, .. } = spec;
    let script = match tool {
        Tool::PgBackRest => pgbackrest::SCRIPT,
        Tool::Barman => barman::SCRIPT,
        Tool::WalG => walg::SCRIPT,
    };
    let config = config.as_deref().unwrap_or_default();
    let within = Within { container: container.as_deref(), run_as: run_as.as_deref() };
    let command = within.command(script, &[name, config]);
    let output = transport.run(command, DEADLINE, LONGEST).await.map_err(|error| error.into_failure(what))?;
    if output.status == ExitStatus::Code(127) {
        let why = format!("{} is not there", tool.name());
        return Err(Failure::new(FailureKind::Unsupported, what, why).retry(LATER));
    }
    if output.truncated {
        return Err(Failure::new(FailureKind::Invalid, what, "it answers more than is read").retry(LATER));
    }
    if output.success() { Ok(output.text()) } else { Err(command_failed(&output, what.to_owned())) }
}

/// The parts of an answer that begin with a line `@NAME`.
fn part<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let begins = format!("@{name}\n");
    let at = if text.starts_with(&begins) {
        begins.len()
    } else {
        text.find(&format!("\n{begins}"))? + begins.len() + 1
    };
    let rest = &text[at..];
    if rest.starts_with('@') {
        return Some("");
    }
    Some(rest.find("\n@").map_or(rest, |end| &rest[..end]).trim())
}

/// The names in a list of paths.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.lines().map(|line| line.rsplit('/').next().unwrap_or(line).trim())
}

/// What a program complains of, for the reader.
fn complaint(said: &str) -> Option<String> {
    let said = said.trim();
    (!said.is_empty()).then(|| shorten(&clean(said), COMPLAINT).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_by_its_parts() {
        let text = "@info\n[{}]\n@wal\na/b/1\n2\n";
        assert_eq!((part(text, "info"), part(text, "wal")), (Some("[{}]"), Some("a/b/1\n2")));
        assert_eq!(part(text, "other"), None);
        assert_eq!(names("a/b/1\n2").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(part("@wal\n@status\nx", "wal"), Some(""));
    }
}
