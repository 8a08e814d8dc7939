//! A command of the operator's on this machine: by its words and without a shell, in a folder, with an
//! environment. What it starts belongs to its group, and ends with it where it is ended.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::error::TransportError;
use super::exec::ExitStatus;
use super::local::{GRACE, Group, exit_status};
use crate::domain::shell::line;

/// How often it is looked whether what was told to end did.
const LOOK: Duration = Duration::from_millis(20);

/// A command under way. Dropping it kills it, with what it started.
pub struct Here {
    group: Group,
    output: Receiver,
}

/// Starts a command. Both its outputs are one, and its input is empty.
pub fn start(
    words: &[String],
    folder: &Path,
    env: &BTreeMap<String, String>,
) -> Result<Here, TransportError> {
    let failed = |why: String| TransportError::Start { command: line(words), why };
    let (program, args) = words.split_first().ok_or_else(|| failed("it has no words".to_owned()))?;
    if !folder.is_dir() {
        return Err(failed(format!("there is no folder {} on this machine", folder.display())));
    }
    // A path is seen from the folder, as a shell would; a name is looked for where the console's are.
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let said = |error: std::io::Error| failed(error.to_string());
    let (reader, writer) = std::io::pipe().map_err(said)?;
    let both = OwnedFd::from(writer);
    let (out, err) = (File::from(both.try_clone().map_err(said)?), File::from(both));
    let child = Command::new(program)
        .args(args)
        .current_dir(folder)
        .envs(env)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(said)?;
    let group = Group(child);
    let output = Receiver::from_owned_fd(OwnedFd::from(reader)).map_err(said)?;
    Ok(Here { group, output })
}

impl Here {
    /// What it says, and how it ends; what it started may go on after that.
    pub fn parts(&mut self) -> (&mut Receiver, impl Future<Output = Result<ExitStatus, TransportError>>) {
        let Self { group, output } = self;
        (output, async { group.0.wait().await.map(exit_status).map_err(TransportError::Io) })
    }

    /// Ends it and what it started: politely first, and whoever is left for good.
    pub async fn end(mut self) {
        self.group.signal(Signal::TERM);
        let late = Instant::now() + GRACE;
        while Instant::now() < late && !self.is_over() {
            sleep(LOOK).await;
        }
        // It was not waited for yet, so the group's number is still its own.
        self.group.signal(Signal::KILL);
        let _ = self.group.0.wait().await;
    }

    fn is_over(&self) -> bool {
        let number = self.group.0.id().and_then(|id| i32::try_from(id).ok());
        let Some(pid) = number.and_then(Pid::from_raw) else { return true };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        // What cannot be asked is not waited for.
        !matches!(waitid(WaitId::Pid(pid), look), Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[tokio::test]
    async fn words_folder_and_environment_reach_it_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let env = BTreeMap::from([("MIDWATCH_APP".to_owned(), "it's $HOME".to_owned())]);
        let script = r#"echo "$MIDWATCH_APP|$1|$(pwd)"; echo bad >&2; cat; exit 3"#;
        let mut it = start(&words(&["sh", "-c", script, "sh", "$(a)"]), folder.path(), &env).unwrap();
        let mut said = String::new();
        let (output, over) = it.parts();
        output.read_to_string(&mut said).await.unwrap();
        let there = folder.path().canonicalize().unwrap();
        assert_eq!(said, format!("it's $HOME|$(a)|{}\nbad\n", there.display()));
        assert_eq!(over.await.unwrap(), ExitStatus::Code(3));
    }

    #[tokio::test]
    async fn what_cannot_be_started_says_why() {
        let none = BTreeMap::new();
        let why = |words: &[String], folder: &str| match start(words, Path::new(folder), &none) {
            Err(error) => error.into_failure("it").reason(),
            Ok(_) => panic!("it was started"),
        };
        assert!(why(&words(&["true"]), "/no/such/folder").contains("no folder /no/such/folder"));
        assert!(why(&words(&["./no-such-program"]), "/").contains("No such file"));
    }

    #[tokio::test]
    async fn it_is_ended_with_all_that_it_started_though_they_do_not_want_to() {
        let folder = tempfile::tempdir().unwrap();
        // The child heeds no TERM, and outlives its parent.
        let script = "(trap '' TERM; while :; do echo >>beat; sleep 0.02; done) & wait";
        let it = start(&words(&["sh", "-c", script]), folder.path(), &BTreeMap::new()).unwrap();
        let beat = folder.path().join("beat");
        while !beat.exists() {
            sleep(LOOK).await;
        }
        it.end().await;
        let beats = || std::fs::metadata(&beat).unwrap().len();
        let before = beats();
        sleep(Duration::from_millis(200)).await;
        assert_eq!(beats(), before, "the child lives on");
    }
}
