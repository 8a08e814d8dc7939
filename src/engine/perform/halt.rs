//! Stops containers of services, before the data that they use change places. They stay stopped until a later
//! step starts them; a run that is taken up stops them anew while no such step was begun.

use std::time::Duration;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::{Act, Plan, Stage, Step, StepId};
use crate::engine::guarded::{self, Became, look_up};

/// `$1` the project, then the services.
const SCRIPT: &str = r#"p=$1 a=; shift
for s; do c=$(docker ps -q --filter "label=com.docker.compose.project=$p" --filter "label=com.docker.compose.service=$s") || exit
a="$a $c"; done
set -- $a; [ $# = 0 ] || docker stop "$@" >/dev/null || exit; echo "$#""#;

pub(super) async fn halt(task: &Task<'_>, services: &[String]) -> Result<Done, Failure> {
    let project = task.ground.place.project.as_str();
    let words = ["sh", "-c", SCRIPT, "sh", project].into_iter().chain(services.iter().map(String::as_str));
    let words: Vec<String> = words.map(str::to_owned).collect();
    let left = if task.resumed && !is_past(task).await? {
        let nth = usize::try_from(task.began.as_millis()).unwrap_or_default();
        guarded::again(task, nth, words, None).await?
    } else {
        guarded::run(task, words, None).await?
    };
    if left.exit == 0 {
        return Ok(Done { said: format!("{} stopped", left.last_words()), exit: Some(0) });
    }
    Err(Failure::new(
        FailureKind::Invalid,
        task.what(),
        format!("{} (exit {})", left.last_words(), left.exit),
    ))
}

/// Whether containers were begun to be started since: what runs now is meant to run.
async fn is_past(task: &Task<'_>) -> Result<bool, Failure> {
    for step in starting(task.confirmed.plan.plan(), task.step.id, &task.ground.server) {
        if look_up(task.ground, task.run, &step.to_string(), Duration::ZERO).await? != Became::Never {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The steps after this one, on its way, that start containers on a server.
fn starting(plan: &Plan, after: StepId, on: &ServerId) -> Vec<StepId> {
    let has = |stage: &Stage| stage.lanes.iter().flat_map(|lane| &lane.steps).any(|step| step.id == after);
    let stages = if plan.stages.iter().any(has) { &plan.stages } else { &plan.undo };
    let lanes = stages.iter().flat_map(|stage| &stage.lanes).filter(|lane| lane.server == *on);
    let starts = |step: &&Step| matches!(step.act, Act::Up { .. } | Act::Compose { .. }) && step.id > after;
    lanes.flat_map(|lane| &lane.steps).filter(starts).map(|step| step.id).collect()
}
