//! Commands that change something: run once, and only while the lock is this run's.
//!
//! The server itself writes down that a command began and how it ended, so that a console that comes
//! after a kill knows it. Its output goes to a file there: a connection that is cut ends nothing.

use std::time::Duration;

use super::ground::{Ground, KEPT};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::StepId;
use crate::domain::run::RunId;
use crate::domain::text::{clean, shorten};
use crate::transports::{ExitStatus, RemoteCommand};

/// `$1` the app's folder, `$2` the run, `$3` the step, then the command.
const SCRIPT: &str = r#"cd "$1" || exit 96; o=.midwatch r=$2 s=.midwatch/runs/$2/steps/$3; shift 3
trap '' HUP PIPE
[ "$(sed -n 1p "$o/lock" 2>/dev/null)" = "$r" ] || { echo 'the lock is not held by this run' >&2; exit 97; }
mkdir "$s" 2>/dev/null || { [ -e "$s/begun" ] && { echo 'it was begun before' >&2; exit 98; }; echo 'the run cannot be recorded here' >&2; exit 96; }
echo $$ >"$s/begun" || exit 96
"$@" >"$s/out" 2>&1; c=$?
echo $c >"$s/exit.new" && mv "$s/exit.new" "$s/exit"
tail -c 8000 "$s/out"
exit $c"#;

/// What a guarded command left.
pub struct Left {
    /// Its exit code.
    pub exit: i32,
    /// The end of what it wrote, to both outputs.
    pub said: String,
}

impl Left {
    /// The last line that says something, clean.
    pub fn last_words(&self) -> String {
        let line = self.said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        shorten(&clean(line.trim()), 300).into_owned()
    }
}

/// Runs a command once. A failure is that it could not be run, or that it is not known how it ended.
pub async fn run(
    ground: &Ground,
    run: &RunId,
    step: StepId,
    words: impl IntoIterator<Item = String>,
    stdin: Option<Vec<u8>>,
    what: &str,
    deadline: Duration,
) -> Result<Left, Failure> {
    let words: Vec<String> = words.into_iter().collect();
    let number = step.to_string();
    let command = RemoteCommand::script(SCRIPT)
        .args([ground.place.directory.as_str(), run.as_str(), &number])
        .args(words.iter().map(String::as_str))
        .stdin(stdin.unwrap_or_default());
    let output = ground.transport.run(command, deadline, KEPT).await;
    let output = output.map_err(|error| {
        error.into_failure(what).hint("it may have gone on there: what became of it is looked at by midwatch resume")
    })?;
    let said = output.text();
    match output.status {
        ExitStatus::Code(97) => Err(Failure::new(FailureKind::Conflict, what, "the lock is not held by this run any more")
            .hint("another operator broke it: see midwatch runs")),
        ExitStatus::Code(98) => Err(Failure::new(FailureKind::Conflict, what, "it was begun before, and nothing is run twice")),
        ExitStatus::Code(96) => Err(Failure::new(FailureKind::Permission, what, output.complaint())),
        ExitStatus::Code(code) => Ok(Left { exit: i32::try_from(code).unwrap_or(i32::MAX), said }),
        ExitStatus::Signal(signal) => Err(Failure::new(FailureKind::Invalid, what, format!("ended by SIG{signal}"))),
    }
}
