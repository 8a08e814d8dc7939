//! Commands that change something: run once, and only while the lock is this run's.
//!
//! The server itself writes down that a command began and how it ended, and its output goes to a file
//! there. A connection that is cut ends nothing: what became of the command is looked up afterwards, and
//! so it is by a console that comes after a kill.

use std::time::Duration;

use super::ground::Ground;
use super::mark::mark;
use super::perform::Task;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::RunId;
use crate::domain::text::last_words;
use crate::transports::{ExitStatus, RemoteCommand};

/// `$1` the app's folder, `$2` the run, `$3` the step, `$4` what the lock says, then the command. The process and the boot are
/// written down, so that another process of that number is not taken for it.
const SCRIPT: &str = concat!(
    mark!(),
    r#"cd "$1" || exit 96; o=.midwatch s=.midwatch/runs/$2/steps/$3 t=$4; shift 4
trap '' HUP PIPE
[ "$(sed -n 1p "$o/lock" 2>/dev/null)" = "$t" ] || { echo 'the lock is not held by this run' >&2; exit 97; }
mkdir -p "$s" || exit 96
b=$(m $$)
( set -C; echo "$b" >"$s/begun" ) 2>/dev/null || { [ -e "$s/begun" ] && exit 98; echo 'the step cannot be written down' >&2; exit 96; }
"$@" >"$s/out" 2>&1; c=$?
echo $c >"$s/exit.new" && mv "$s/exit.new" "$s/exit"
tail -c 8000 "$s/out"
exit $c"#
);

/// What became of a step: `$1` the app's folder, `$2` the run, `$3` the step, `$4` how many seconds it is
/// waited for.
const LOOK_UP: &str = concat!(
    mark!(),
    r#"cd "$1/.midwatch/runs/$2/steps/$3" 2>/dev/null && [ -e begun ] || { echo never; exit 0; }
n=0; while [ ! -e exit ]; do
  read -r p b <begun; [ "$p $b" = "$(m "$p")" ] || { sleep 1; [ -e exit ] && break; echo lost; exit 0; }
  [ $n -lt "$4" ] || { echo running; exit 0; }
  sleep 1; n=$((n+1))
done
echo "exit $(cat exit)"; tail -c 8000 out"#
);

/// How often a command whose end nobody knows may be run anew, where that brings about the same.
const TRIES: u32 = 3;

/// What a guarded command left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its exit code.
    pub exit: i32,
    /// The end of what it wrote, to both outputs.
    pub said: String,
}

impl Left {
    /// The last that it said, clean.
    pub fn last_words(&self) -> String {
        last_words(&self.said, 300)
    }
}

/// What became of a step's command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was never begun.
    Never,
    /// It goes on.
    Running,
    /// It ended, and how.
    Ended(Left),
    /// It was begun, is not there any more, and left no word.
    Lost,
}

/// Runs a step's command once. A connection that is cut in between is waited for, and what became of the
/// command is looked up. A failure is that it could not be run, or that its end is not known.
pub async fn run(
    task: &Task<'_>,
    words: impl IntoIterator<Item = String>,
    stdin: Option<Vec<u8>>,
) -> Result<Left, Failure> {
    run_as(task, task.step.id.to_string(), words, stdin).await
}

/// The same once more, for a command that ended, and that a repetition does good: the `nth` time.
pub async fn again(
    task: &Task<'_>,
    nth: usize,
    words: impl IntoIterator<Item = String>,
    stdin: Option<Vec<u8>>,
) -> Result<Left, Failure> {
    run_as(task, format!("{}.again-{nth}", task.step.id), words, stdin).await
}

/// A command that has to succeed, and is done anew where the run was taken up: it then brings about the
/// same.
pub async fn change(task: &Task<'_>, words: Vec<String>, stdin: Option<Vec<u8>>) -> Result<(), Failure> {
    let left = if task.resumed {
        let nth = usize::try_from(task.began.as_millis()).unwrap_or_default();
        again(task, nth, words, stdin).await?
    } else {
        run(task, words, stdin).await?
    };
    succeeded(task, &left)
}

/// The same after another command of its step: the `nth`, which no other of them has.
pub async fn change_again(
    task: &Task<'_>,
    nth: usize,
    words: Vec<String>,
    stdin: Option<Vec<u8>>,
) -> Result<(), Failure> {
    succeeded(task, &again(task, nth, words, stdin).await?)
}

fn succeeded(task: &Task<'_>, left: &Left) -> Result<(), Failure> {
    if left.exit == 0 {
        return Ok(());
    }
    let why = format!("{} (exit {})", left.last_words(), left.exit);
    Err(Failure::new(FailureKind::Invalid, task.what(), why))
}

async fn run_as(
    task: &Task<'_>,
    first: String,
    words: impl IntoIterator<Item = String>,
    stdin: Option<Vec<u8>>,
) -> Result<Left, Failure> {
    let what = task.what();
    let words: Vec<String> = words.into_iter().collect();
    let mut name = first.clone();
    let mut tries = 1;
    loop {
        let command = RemoteCommand::script(SCRIPT)
            .args([task.ground.place.directory.as_str(), task.run.as_str(), &name, task.token])
            .args(words.iter().map(String::as_str))
            .stdin(stdin.clone().unwrap_or_default());
        let transport = task.ground.transport().await?;
        let cut = match transport.run(command, task.step.deadline, super::ground::KEPT).await {
            Ok(output) => match output.status {
                ExitStatus::Code(97) => return Err(lost_lock(what)),
                ExitStatus::Code(96) => {
                    let failure = Failure::new(FailureKind::Permission, what, output.complaint());
                    return Err(
                        failure.hint("see that the disk is not full and the app's folder can be written to")
                    );
                }
                // 98: it was begun before.
                ExitStatus::Code(code) if code != 98 => {
                    return Ok(Left { exit: i32::try_from(code).unwrap_or(i32::MAX), said: output.text() });
                }
                ExitStatus::Code(_) | ExitStatus::Signal(_) => None,
            },
            Err(error) => Some(error.into_failure(&what)),
        };
        match look_up(task.ground, task.run, &name, task.step.deadline).await? {
            Became::Ended(left) => return Ok(left),
            Became::Never if tries < TRIES => {}
            Became::Lost if task.step.act.repeatable() && tries < TRIES => {
                name = format!("{first}.{}", tries + 1);
            }
            Became::Running => {
                let why = format!("it still goes on there after {} s", task.step.deadline.as_secs());
                return Err(Failure::new(FailureKind::Timeout, what, why));
            }
            Became::Never | Became::Lost => {
                let failure = cut.unwrap_or_else(|| {
                    Failure::new(FailureKind::Conflict, &what, "it was begun, and left no word of its end")
                });
                return Err(failure.hint("look at what stands there, then: midwatch runs"));
            }
        }
        tries += 1;
    }
}

/// What became of a step's command, waiting so long for one that goes on.
pub async fn look_up(ground: &Ground, run: &RunId, step: &str, wait: Duration) -> Result<Became, Failure> {
    let what = format!("see what became of step {step} on {}", ground.server);
    let command = RemoteCommand::script(LOOK_UP).args([
        ground.place.directory.as_str(),
        run.as_str(),
        step,
        &wait.as_secs().to_string(),
    ]);
    let text = ground.done(command, &what, wait + Duration::from_secs(15)).await?;
    let (first, said) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(match first.split_once(' ') {
        Some(("exit", code)) => match code.trim().parse() {
            Ok(exit) => Became::Ended(Left { exit, said: said.to_owned() }),
            Err(_) => Became::Lost,
        },
        _ if first == "never" => Became::Never,
        _ if first == "running" => Became::Running,
        _ => Became::Lost,
    })
}

pub fn lost_lock(what: String) -> Failure {
    Failure::new(FailureKind::Conflict, what, "the lock is not held by this run any more")
        .hint("another operator broke it: see midwatch runs")
}
