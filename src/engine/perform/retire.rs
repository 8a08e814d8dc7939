//! Stops and removes containers that get no requests any more, after what was under way in them had
//! time to come to its end.

use std::time::Duration;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::run::Progress;
use crate::engine::guarded;

/// The containers; one that is not there any more is what was wanted, if the engine can be asked at all.
const SCRIPT: &str = r#"docker ps -q >/dev/null || exit; x=0; for c; do docker inspect "$c" >/dev/null 2>&1 || continue; { docker stop "$c" && docker rm "$c"; } || x=1; done; exit $x"#;

pub(super) async fn retire(task: &Task<'_>, containers: &[String], drain: Duration) -> Result<Done, Failure> {
    if !drain.is_zero() {
        task.listen.progress(Progress::Saying(format!("drained for {} s", drain.as_secs()))).await;
        tokio::time::sleep(drain).await;
    }
    let words = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into_iter().chain(containers.iter().cloned());
    let left = guarded::run(task, words, None).await?;
    if left.exit == 0 {
        return Ok(Done { said: String::new(), exit: Some(0) });
    }
    let why = format!("{} (exit {})", left.last_words(), left.exit);
    Err(Failure::new(FailureKind::Invalid, task.what(), why).hint("see what is left: docker ps -a"))
}
