//! What is written down on a server of a command that runs on the console's machine: that it was begun and
//! by whom before it is, and how it ended after. Whoever comes later sees the same as of a server's own
//! commands: never begun, going on, ended, or lost.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::guarded::{Became, Left, look_up, lost_lock};
use super::mark::mark;
use super::perform::Task;
use crate::domain::failure::{Failure, FailureKind};
use crate::transports::{ExitStatus, Piped, RemoteCommand};

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the app's folder, `$2` the run, `$3` the step, `$4` what the lock says, `$5` who. It stays for as long
/// as its channel is open, so that others see that the command goes on.
const BEGIN: &str = concat!(
    mark!(),
    r#"cd "$1" || exit 96; s=.midwatch/runs/$2/steps/$3; umask 077
[ "$(sed -n 1p .midwatch/lock 2>/dev/null)" = "$4" ] || exit 97
mkdir -p "$s" || exit 96
b=$(m $$)
( set -C; echo "$b" >"$s/begun" ) 2>/dev/null || { [ -e "$s/begun" ] && exit 98; exit 96; }
printf '%s\n' "$5" >"$s/by"
echo begun; cat >/dev/null"#
);

/// The same without `$5`; `$5` is the exit code, and standard input the end of what it said.
const END: &str = r#"cd "$1" || exit 96; s=.midwatch/runs/$2/steps/$3; umask 077
[ "$(sed -n 1p .midwatch/lock 2>/dev/null)" = "$4" ] || exit 97
cat >"$s/out" && echo "$5" >"$s/exit.new" && mv "$s/exit.new" "$s/exit" || exit 96"#;

/// Whether a command may be begun.
pub enum Noted {
    /// It is written down that it is; hold this while it goes on.
    Begun(Piped),
    /// It ran before, and this is how it ended.
    Before(Left),
}

fn command(task: &Task<'_>, script: &'static str, last: &str) -> RemoteCommand {
    let step = task.step.id.to_string();
    let args = [task.ground.place.directory.as_str(), task.run.as_str(), &step, task.token, last];
    RemoteCommand::script(script).args(args)
}

/// Writes down that the step's command is begun here. One that was begun before is not begun again.
pub async fn begin(task: &Task<'_>) -> Result<Noted, Failure> {
    let what = task.what();
    let by = task.confirmed.by.to_string();
    let transport = task.ground.transport().await?;
    let mut piped =
        transport.pipe(command(task, BEGIN, &by)).await.map_err(|error| error.into_failure(&what))?;
    let mut said = [0; 6];
    let heard = timeout(DEADLINE, piped.exec.stdout.read_exact(&mut said)).await;
    if matches!(heard, Ok(Ok(_))) {
        return Ok(Noted::Begun(piped));
    }
    let how = timeout(DEADLINE, piped.exec.status).await;
    match how {
        Ok(Ok(Ok(ExitStatus::Code(98)))) => before(task, what).await,
        Ok(Ok(Ok(ExitStatus::Code(97)))) => Err(lost_lock(what)),
        Ok(Ok(Ok(ExitStatus::Code(96)))) => Err(unwritten(task, what)),
        _ => {
            let why = format!("{} did not say that it was written down; it was not run", task.ground.server);
            Err(Failure::new(FailureKind::Unreachable, what, why))
        }
    }
}

/// What became of one that was begun before.
async fn before(task: &Task<'_>, what: String) -> Result<Noted, Failure> {
    let step = task.step.id.to_string();
    let why = match look_up(task.ground, task.run, &step, task.step.deadline).await? {
        Became::Ended(left) => return Ok(Noted::Before(left)),
        Became::Running => "another console still runs it",
        Became::Never | Became::Lost => "it was begun before, and left no word of its end",
    };
    Err(Failure::new(FailureKind::Conflict, what, why)
        .hint("it is not run again: see on the machine that ran it what it did"))
}

/// Writes down how it ended.
pub async fn end(task: &Task<'_>, exit: i32, said: Vec<u8>) -> Result<(), Failure> {
    let what = format!("write down on {} how it ended: {}", task.ground.server, task.step.title);
    let output =
        task.ground.repeat(command(task, END, &exit.to_string()).stdin(said), &what, DEADLINE).await?;
    match output.status {
        ExitStatus::Code(0) => Ok(()),
        ExitStatus::Code(97) => Err(lost_lock(what)),
        _ => Err(unwritten(task, what)),
    }
}

fn unwritten(task: &Task<'_>, what: String) -> Failure {
    let why = format!("{} cannot be written to", task.ground.place.own());
    Failure::new(FailureKind::Permission, what, why).hint("see that the disk is not full")
}
