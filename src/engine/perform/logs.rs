//! Keeps the last lines of what failed beside its release.

use std::time::Duration;

use super::Task;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::release::ReleaseNumber;
use crate::domain::text::{clean, shorten};
use crate::engine::gather::containers::running;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// `$1` the file, then the containers. Not by Compose, which moves the cursor in what it writes.
const SCRIPT: &str = r#"f=$1; shift; umask 077; for c; do docker logs --timestamps --tail 50 "$c"; done >"$f" 2>&1; tail -n 3 "$f""#;

/// A failure of a service, with the last lines of what failed kept beside the release where there is one.
pub(super) async fn blamed(
    task: &Task<'_>,
    release: Option<ReleaseNumber>,
    service: &str,
    names: &[String],
    why: String,
) -> Failure {
    let failure = Failure::new(FailureKind::Invalid, task.what(), why);
    let Some(release) = release else { return failure };
    match attach(task, release, service, names).await {
        Ok(last) => Failure { why: failure.why.iter().cloned().chain(last).collect(), ..failure }
            .hint(format!("its last lines: .midwatch/releases/{}/log-{service}.txt", release.folder())),
        Err(error) => failure.hint(format!("its log could not be kept: {}", error.reason())),
    }
}

/// Fifty lines of each container of a service, or of those of these names where there are any; gives the last few.
async fn attach(
    task: &Task<'_>,
    release: ReleaseNumber,
    service: &str,
    names: &[String],
) -> Result<Vec<String>, Failure> {
    let what = format!("keep the log of {service} on {}", task.ground.server);
    let containers = running(task.ground).await?;
    let meant = |name: &String| names.is_empty() || names.contains(name);
    let failed = containers.iter().filter(|it| it.service == service && meant(&it.name));
    let ids = failed.map(|it| it.id.as_str());
    let file = format!("{}/releases/{}/log-{service}.txt", task.ground.place.own(), release.folder());
    let command = RemoteCommand::script(SCRIPT).arg(&file).args(ids);
    let text = task.ground.done(command, &what, DEADLINE).await?;
    Ok(text.lines().map(|line| shorten(&clean(line), 160).into_owned()).collect())
}
