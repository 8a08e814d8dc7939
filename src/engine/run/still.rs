//! What a plan was made of, looked at once more under the lock and before anything is done: a plan may lie
//! for minutes before it is confirmed or approved, and another run may have come between.

use std::time::Duration;

use futures_util::future::join_all;

use super::Run;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::Act;
use crate::engine::ground::Ground;
use crate::engine::perform::up::{ANEW, stranger};
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// Names those of the releases after `$1`, the app's folder, that are there.
const WRITTEN: &str = r#"cd "$1/.midwatch/releases" 2>/dev/null || exit 0; shift
for r in "$@"; do [ -e "$r/release.json" ] && echo "$r"; done
exit 0"#;

impl Run<'_> {
    /// Fails where an app is not what the plan was made of.
    pub(super) async fn still(&self) -> Result<(), Failure> {
        let looked = join_all(self.grounds.values().map(|ground| self.still_on(ground))).await;
        looked.into_iter().collect()
    }

    async fn still_on(&self, ground: &Ground) -> Result<(), Failure> {
        let plan = self.confirmed.plan.plan();
        let conflict = |why: String| {
            Failure::new(FailureKind::Conflict, &plan.title, format!("{}: {why}", ground.server)).hint(ANEW)
        };
        let lanes = plan.stages.iter().flat_map(|stage| &stage.lanes);
        let steps: Vec<_> =
            lanes.filter(|lane| lane.server == ground.server).flat_map(|lane| &lane.steps).collect();
        let written = steps.iter().filter_map(|step| self.record_of(&step.act));
        let folders: Vec<String> = written.map(|release| release.number.folder()).collect();
        if !folders.is_empty() {
            let what = format!("look for releases on {}", ground.server);
            let command = RemoteCommand::script(WRITTEN)
                .arg(&ground.place.directory)
                .args(folders.iter().map(String::as_str));
            if let Some(folder) = ground.done(command, &what, DEADLINE).await?.lines().next() {
                let number = folder.trim_start_matches('0');
                return Err(conflict(format!("release {number} was written since the plan was made")));
            }
        }
        for step in steps {
            if let Act::Up { services, replaces, .. } = &step.act
                && let Some(why) = stranger(ground, services, replaces).await?
            {
                return Err(conflict(why));
            }
        }
        Ok(())
    }
}
