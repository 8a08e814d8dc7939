//! Has a command of the operator's make of another datastore's data, which were brought back beside, what may be
//! shown. Until it ended well nobody is let in who need not be, and nothing is put in the place of anything.

use std::time::Duration;

use super::{Done, Task, data, swap};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::origin::{environment, masked_as};
use crate::domain::plan::{Act, Step};
use crate::domain::run::Progress;
use crate::engine::dump::within::{Within, argv, secret_line};
use crate::engine::guarded::{self, Became, Left, look_up};
use crate::engine::restore::load::{made, opened};
use crate::engine::restore::psql::{Server, password};

/// How long the server may take to learn what is in the tables now: what it knew before was not masked.
const ANALYZING: Duration = Duration::from_secs(3600);
/// What is said where the command ended well, and PostgreSQL did not.
const COMPLAINED: i32 = 93;

/// `$1` how many seconds it may take, `$2` whether it is watched for what PostgreSQL complains of, `$3` how many
/// settings of its environment, then those, then the command. It is ended with all that it started; where a
/// statement failed that is told last, even where the command thinks nothing of it.
const SCRIPT: &str = r#"cd / 2>/dev/null; IFS= read -r w; t=$1 s=$2 n=$3; shift 3
while [ "$n" -gt 0 ]; do export "$1"; shift; n=$((n-1)); done
[ -z "$w" ] || export PGPASSWORD="$w"
exec 4>&1
c=$({ { timeout -k 10 "$t" "$@" </dev/null 2>&1 3>&- 4>&-; echo $? >&3; } | awk -v s="$s" '{ print }
s && e == "" && /^(psql:.*: )?(ERROR|FATAL|PANIC): / { e = $0 }
END { if (e != "") { print e; exit 1 } }' >&4 || echo complained >&3; } 3>&1)
set -- $c; [ "$1" = 0 ] && [ -n "$2" ] && exit 93
exit "${1:-125}""#;

/// The step of the plan that masks what is brought back of a datastore, where there is one.
pub(super) fn step_of<'a>(task: &'a Task<'_>, of: &DatastoreId) -> Option<&'a Step> {
    let mut steps = task.confirmed.plan.plan().steps().map(|(_, step)| step);
    steps.find(|step| matches!(&step.act, Act::Mask { datastore, .. } if datastore == of))
}

/// Waits for what a killed console left at work on what was brought, which masks it or puts it in its place: it
/// would go on with what is brought anew.
pub(super) async fn settled(task: &Task<'_>, of: &DatastoreId) -> Result<(), Failure> {
    if !task.resumed {
        return Ok(());
    }
    let works = |act: &Act| match act {
        Act::Mask { datastore, .. } => datastore == of,
        Act::Swap { datastore, source, .. } => datastore == of && !source.is_sql(),
        _ => false,
    };
    for (server, step) in task.confirmed.plan.plan().steps() {
        if !works(&step.act) || *server != task.ground.server {
            continue;
        }
        if look_up(task.ground, task.run, &step.id.to_string(), step.deadline).await? == Became::Running {
            let why = format!("\"{}\" still goes on there after {} s", step.title, step.deadline.as_secs());
            return Err(Failure::new(FailureKind::Timeout, task.what(), why));
        }
    }
    Ok(())
}

pub(super) async fn mask(task: &Task<'_>) -> Result<Done, Failure> {
    let what = task.what();
    let Act::Mask { datastore, source, of, from, command, deadline } = &task.step.act else {
        return Err(Failure::new(FailureKind::Bug, what, "it masks nothing"));
    };
    let in_place = if source.is_sql() {
        swap::is_done(task, datastore).await?
    } else {
        data::is_done(task, datastore).await?
    };
    if in_place {
        return Ok(Done { said: "it is in its place already".to_owned(), exit: None });
    }
    let env = environment(datastore, source, of, from);
    let (words, stdin) = if let Source::Redis { .. } = source {
        let theirs = [env.as_slice(), command.as_slice()];
        match data::masking(task, datastore, source, of, deadline.as_secs(), theirs).await? {
            Some((words, stdin)) => (words, Some(stdin)),
            None => {
                return Ok(Done { said: "it was masked, and is being taken over".to_owned(), exit: None });
            }
        }
    } else {
        let secret = match source {
            Source::Postgres { container: None, .. } => password(task.ground, datastore).await?,
            _ => None,
        };
        (commanded(source, *deadline, &env, command), Some(secret_line(secret.as_ref())))
    };
    // What is masked was brought anew where the run was taken up: what was done before does not count.
    let nth = usize::try_from(task.began.as_millis()).unwrap_or_default();
    let left = if task.resumed {
        guarded::again(task, nth, words, stdin).await?
    } else {
        guarded::run(task, words, stdin).await?
    };
    let said = judged(source, &left, *deadline).map_err(|(kind, why, hint)| {
        hint.iter().fold(Failure::new(kind, &what, why), |failure, hint| failure.hint(*hint))
    })?;
    if source.is_sql() {
        task.listen.progress(Progress::Saying("it is masked; analyzing".to_owned())).await;
        let secret = password(task.ground, datastore).await?;
        let server = Server::new(source, secret.as_ref());
        server.ask(task.ground, of, &["analyze"], &what, ANALYZING).await?;
        let statements = opened(made(task.ground, &server, source.database(), of).await?, of);
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        server.change_again(task, nth.wrapping_add(1), &statements).await?;
    }
    Ok(Done { said, exit: Some(0) })
}

/// The command, as whoever the datastore is read as, in the script that watches it.
fn commanded(source: &Source, deadline: Duration, env: &[String], command: &[String]) -> Vec<String> {
    let (seconds, number) = (deadline.as_secs().to_string(), env.len().to_string());
    let watched = if source.is_sql() { "1" } else { "" };
    let args: Vec<&str> = [seconds.as_str(), watched, &number]
        .into_iter()
        .chain(env.iter().map(String::as_str))
        .chain(command.iter().map(String::as_str))
        .collect();
    let within = Within { container: None, run_as: masked_as(source).map(String::as_str) };
    argv(within, SCRIPT, &args)
}

/// What it said, where it ended as it should; else what kind of failure it is, why, and what helps.
fn judged(
    source: &Source,
    left: &Left,
    deadline: Duration,
) -> Result<String, (FailureKind, String, Option<&'static str>)> {
    let words = left.last_words();
    match left.exit {
        0 => Ok(words),
        // 137: what would not end was killed.
        124 | 137 => {
            let words = if words.is_empty() { words } else { format!(": {words}") };
            let why = format!("it was ended after {} s{words}", deadline.as_secs());
            Err((FailureKind::Timeout, why, Some("`mask_deadline`")))
        }
        COMPLAINED => {
            let ends = match source {
                Source::Redis { .. } => "redis-cli ends there with -e",
                _ => "psql ends there with -v ON_ERROR_STOP=1",
            };
            Err((FailureKind::Invalid, words, Some(ends)))
        }
        exit => Err((FailureKind::Invalid, format!("{words} (exit {exit})"), None)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// What the script makes of a command of the shell's, with a second's time.
    fn masked(watched: &str, command: &str) -> Left {
        let env = "MIDWATCH_DATABASE=it's $1";
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "sh", "1", watched, "1", env, "sh", "-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"four bells\n").unwrap();
        let out = child.wait_with_output().unwrap();
        Left { exit: out.status.code().unwrap(), said: String::from_utf8_lossy(&out.stdout).into_owned() }
    }

    #[test]
    fn a_command_finds_what_it_masks_and_its_end_counts() {
        let told = masked("1", "echo \"$MIDWATCH_DATABASE $PGPASSWORD\"; cat; echo last >&2");
        assert_eq!((told.exit, told.said.as_str()), (0, "it's $1 four bells\nlast\n"));
        assert_eq!(masked("1", "echo no; exit 3"), Left { exit: 3, said: "no\n".to_owned() });
        let (second, volume) = (Duration::from_secs(1), Source::Volume { volume: "v".to_owned() });
        assert_eq!(judged(&volume, &masked("1", "exit 0"), second), Ok(String::new()));
        assert_eq!(judged(&volume, &masked("1", "sleep 20"), second).unwrap_err().0, FailureKind::Timeout);
    }

    #[test]
    fn a_statement_that_failed_is_told_of_though_the_command_ended_well() {
        let error = "psql:/etc/mask.sql:3: ERROR:  relation \"x\" does not exist";
        let told = masked("1", &format!("echo '{error}' >&2; echo UPDATE 3"));
        assert_eq!((told.exit, told.last_words().as_str()), (COMPLAINED, error));
        // One that ends with it ends with its own word, and what went wrong is what is said.
        let told = masked("1", &format!("echo '{error}' >&2; echo '   ^'; exit 3"));
        assert_eq!((told.exit, told.last_words().as_str()), (3, error));
        assert_eq!(masked("", "echo 'ERROR: nothing of a database'").exit, 0);
    }
}
