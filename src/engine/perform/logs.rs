//! Keeps the last lines of what failed beside its release.

use std::time::Duration;

use super::Task;
use crate::domain::failure::Failure;
use crate::domain::plan::shell::compose_release;
use crate::domain::release::ReleaseNumber;
use crate::domain::text::{clean, shorten};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the file, then Compose's words.
const SCRIPT: &str = r#"f=$1; shift; umask 077; "$@" >"$f" 2>&1; tail -n 3 "$f""#;

/// Fifty lines of each container of a service; gives the last few.
pub(super) async fn attach(
    task: &Task<'_>,
    release: ReleaseNumber,
    service: &str,
) -> Result<Vec<String>, Failure> {
    let place = &task.ground.place;
    let file = format!("{}/releases/{}/log-{service}.txt", place.own(), release.folder());
    let more = ["logs", "--no-color", "--no-log-prefix", "--timestamps", "--tail", "50", service];
    let words: Vec<String> = compose_release(place, release).chain(more.map(str::to_owned)).collect();
    let command = RemoteCommand::script(SCRIPT).arg(&file).args(words.iter().map(String::as_str));
    let what = format!("keep the log of {service} on {}", task.ground.server);
    let text = task.ground.done(command, &what, DEADLINE).await?;
    Ok(text.lines().map(|line| shorten(&clean(line), 160).into_owned()).collect())
}
