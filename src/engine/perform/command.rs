//! Commands as they stand in the plan: Compose's own verbs, hooks, migrations. Each runs once.

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::engine::guarded;

pub(super) async fn command(task: &Task<'_>) -> Result<Done, Failure> {
    let what = task.what();
    // The very line that the plan shows.
    let line = task.step.act.shell(&task.ground.place);
    let words = ["sh", "-c", &line].map(str::to_owned);
    let left = guarded::run(task, words, None).await?;
    if left.exit == 0 {
        return Ok(Done { said: left.last_words(), exit: Some(0) });
    }
    let why = format!("{} (exit {})", left.last_words(), left.exit);
    Err(Failure::new(FailureKind::Invalid, what, why).hint(format!("what was run: {line}")))
}
