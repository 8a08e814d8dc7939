//! What is written on a server about a run, before it acts and after: the lock, the plan, the
//! outcome, the releases. Each file is written beside and renamed, so that none is ever half.

use std::time::Duration;

use super::ground::{Ground, unsuccessful};
use super::mark::mark;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::plan::{Act, FrozenPlan};
use crate::domain::release::lock::Holder;
use crate::domain::release::{Release, ReleaseNumber};
use crate::domain::run::{RunEnd, RunId};
use crate::transports::{ExitStatus, Piped, RemoteCommand};

const DEADLINE: Duration = Duration::from_secs(20);

/// Takes and gives back the locks of datastores' folders, which are named from the user's home, for the run
/// `$r`, whose holder is `$h`: all of them or none.
macro_rules! beside {
    () => {
        r#"home=$PWD
take() { for d; do l=$home/$d/.midwatch/lock
mkdir -p "${l%/lock}" && printf '%s\n%s\n' "$r" "$h" >"$l.$r" || return 73
ln "$l.$r" "$l" 2>/dev/null; rm -f "$l.$r"
[ "$(sed -n 1p "$l")" = "$r" ] || { cat "$l"; return 75; }; done; }
give() { for d; do l=$home/$d/.midwatch/lock; [ "$(sed -n 1p "$l" 2>/dev/null)" != "$r" ] || rm -f "$l"; done; }
"#
    };
}

/// Takes the lock, then writes the plan. `$1` the app's folder, `$2` the run, `$3` whether the folder is
/// to be made, for us alone (`ours`) or as the app's (`make`); standard input holds
/// the lock's second line and the plan. The lock is a link to a file that is whole already: it is there
/// with all it says, or not at all. Where the run has it already, the connection was cut in between.
const OPEN: &str = concat!(
    beside!(),
    r#"r=$2; [ "$3" != make ] || mkdir -p "$1" || exit 73
umask 077
[ -z "$3" ] || mkdir -p "$1" || exit 73
cd "$1" || exit 73
mkdir -p .midwatch/releases .midwatch/runs && cd .midwatch || exit 73
[ -e .gitignore ] || echo '*' >.gitignore
IFS= read -r h; IFS= read -r p
printf '%s\n%s\n' "$r" "$h" >"lock.$r" || { rm -f "lock.$r"; exit 73; }
ln "lock.$r" lock 2>/dev/null; c=$?; rm -f "lock.$r"
[ $c = 0 ] || [ "$(sed -n 1p lock)" = "$r" ] || { cat lock; exit 75; }
shift 3; take "$@"; c=$?; [ $c = 0 ] || { give "$@"; rm -f lock; exit $c; }
mkdir -p "runs/$r/steps" && printf '%s\n' "$p" >"runs/$r/plan.new" && mv "runs/$r/plan.new" "runs/$r/plan.json" || { give "$@"; rm -rf "runs/$r" lock; exit 73; }
sync "runs/$r/plan.json" lock 2>/dev/null
exit 0"#
);

/// Takes a run's own lock over from whoever held it: `$3` is what the lock says from now on. Standard
/// input holds its second line.
const TAKE: &str = concat!(
    beside!(),
    r#"cd "$1/.midwatch" || exit 73; r=$2 t=$3; umask 077
h=$(sed -n 1p lock 2>/dev/null); [ "${h%%/*}" = "$r" ] || { cat lock 2>/dev/null; exit 75; }
IFS= read -r h
printf '%s
%s
' "$t" "$h" >lock.new && mv lock.new lock || exit 73
shift 3; take "$@"; exit"#
);

/// Stays for as long as its channel is open, so that others see that the run is carried out.
const ALIVE: &str =
    concat!(mark!(), r#"cd "$1/.midwatch/runs/$2" || exit 73; m $$ >alive; cat >/dev/null; rm -f alive"#);

/// Writes how it ended and gives the lock back. Standard input holds the outcome, then a line of
/// folder and JSON for each release.
const CLOSE: &str = concat!(
    beside!(),
    r#"cd "$1/.midwatch" || exit 73; r=$2; umask 077
IFS= read -r o; w=0
while IFS=' ' read -r f j; do
  [ -d "releases/$f" ] || continue
  printf '%s\n' "$j" >"releases/$f/release.new" && mv "releases/$f/release.new" "releases/$f/release.json" || w=1
done
printf '%s\n' "$o" >"runs/$r/outcome.new" && mv "runs/$r/outcome.new" "runs/$r/outcome.json" || w=1
[ $w = 0 ] || exit 73
sync "runs/$r/outcome.json" 2>/dev/null
shift 2; give "$@"
h=$(sed -n 1p lock 2>/dev/null); [ "${h%%/*}" = "$r" ] && rm -f lock
exit 0"#
);

/// Takes the server's lock for a run and writes down what it is about to do.
pub async fn open(ground: &Ground, holder: &Holder, plan: &FrozenPlan) -> Result<(), Failure> {
    let what = format!("take the lock of {} on {}", ground.place.project, ground.server);
    let line = serde_json::to_string(holder)
        .map_err(|error| Failure::new(FailureKind::Bug, &what, error.to_string()))?;
    // An app's folder is the operator's, and made only for a Compose file that is sent; that of a datastore
    // holds nothing but what is ours.
    let sends = plan.plan().steps().any(|(_, step)| matches!(step.act, Act::Send { env: false, .. }));
    let make = match plan.plan().operation {
        operation
            if operation.is_of_a_datastore()
                || operation.is_of_a_schedule()
                || operation.is_of_a_repository() =>
        {
            "ours"
        }
        _ if sends => "make",
        _ => "",
    };
    let command = RemoteCommand::script(OPEN)
        .args([ground.place.directory.as_str(), holder.run.as_str(), make])
        .args(ground.beside.iter().map(String::as_str))
        .stdin(format!("{line}\n{}\n", plan.bytes()));
    let output = ground.repeat(command, &what, DEADLINE).await?;
    match output.status {
        ExitStatus::Code(0) => Ok(()),
        ExitStatus::Code(75) => Err(held(&output.text(), what)),
        ExitStatus::Code(73) => {
            let folder = ground.place.own();
            Err(unsuccessful(&output, &what)
                .hint(format!("see that {folder} can be written to, and the disk is not full")))
        }
        _ => Err(unsuccessful(&output, &what)),
    }
}

/// Takes a run's lock over, for a token of one's own.
pub async fn take(ground: &Ground, holder: &Holder, token: &str) -> Result<(), Failure> {
    let what = format!("take over the lock of {} on {}", ground.place.project, ground.server);
    let line = serde_json::to_string(holder)
        .map_err(|error| Failure::new(FailureKind::Bug, &what, error.to_string()))?;
    let command = RemoteCommand::script(TAKE)
        .args([ground.place.directory.as_str(), holder.run.as_str(), token])
        .args(ground.beside.iter().map(String::as_str))
        .stdin(format!("{line}\n"));
    let output = ground.repeat(command, &what, DEADLINE).await?;
    match output.status {
        ExitStatus::Code(0) => Ok(()),
        ExitStatus::Code(75) => Err(held(&output.text(), what)),
        _ => Err(unsuccessful(&output, &what)),
    }
}

/// Shows that a run is carried out, for as long as what is given back is held.
pub async fn stay(ground: &Ground, run: &RunId) -> Result<Piped, Failure> {
    let command = RemoteCommand::script(ALIVE).args([ground.place.directory.as_str(), run.as_str()]);
    let piped = ground.transport().await?.pipe(command).await;
    piped.map_err(|error| error.into_failure(&format!("stay on {}", ground.server)))
}

fn held(lock: &str, what: String) -> Failure {
    let holder = lock.lines().nth(1).and_then(|line| serde_json::from_str::<Holder>(line).ok());
    let why = match holder {
        Some(it) => format!("{} holds it since {}: {} (run {})", it.by, it.since.rfc3339(), it.what, it.run),
        None => "something holds it that cannot be read".to_owned(),
    };
    Failure::new(FailureKind::Conflict, what, why)
        .hint("wait until it is given back, or see what became of it: midwatch runs")
        .retry(Retry::Now)
}

/// Writes how a run ended on a server, and gives the lock back.
pub async fn close(ground: &Ground, run: &RunId, end: &RunEnd, releases: &[Release]) -> Result<(), Failure> {
    let what = format!("write down the end of the run on {}", ground.server);
    let bug = |error: serde_json::Error| Failure::new(FailureKind::Bug, &what, error.to_string());
    let mut text = serde_json::to_string(end).map_err(bug)? + "\n";
    for release in releases {
        let json = serde_json::to_string(release).map_err(bug)?;
        text = text + &release.number.folder() + " " + &json + "\n";
    }
    let command = RemoteCommand::script(CLOSE)
        .args([ground.place.directory.as_str(), run.as_str()])
        .args(ground.beside.iter().map(String::as_str))
        .stdin(text);
    ground.done(command, &what, DEADLINE).await?;
    Ok(())
}

/// A release as its file holds it.
pub async fn release(ground: &Ground, number: ReleaseNumber) -> Result<Release, Failure> {
    let what = format!("read release {number} on {}", ground.server);
    let file = format!("{}/releases/{}/release.json", ground.place.own(), number.folder());
    let text = ground.done(RemoteCommand::new("cat").arg(&file), &what, DEADLINE).await?;
    serde_json::from_str(&text)
        .map_err(|_| Failure::new(FailureKind::Invalid, what, format!("{file} makes no sense")))
}
