//! Gives a service another number of containers: the number is written down first, so that what comes
//! after keeps it, then the server's own Compose makes or removes what differs.

use super::up::{begun_before, explained, unchanged};
use super::{Done, Task};
use crate::domain::failure::Failure;
use crate::domain::plan::shell::{NOTE, compose_scale, noted};
use crate::domain::release::ReleaseNumber;
use crate::engine::guarded;

/// `$1` writes the number down, `$2` and `$3` are its arguments; then Compose's words.
const SCRIPT: &str = r#"n=$1 s=$2 c=$3; shift 3; sh -c "$n" sh "$s" "$c" || { echo 'the number could not be written down'; exit 73; }; exec "$@""#;

/// What is scaled.
pub(super) struct Scaled<'a> {
    pub(super) release: Option<ReleaseNumber>,
    pub(super) service: &'a str,
    pub(super) containers: u16,
    pub(super) keep: bool,
}

pub(super) async fn scale(task: &Task<'_>, it: &Scaled<'_>, known: &[String]) -> Result<Done, Failure> {
    if !begun_before(task).await? {
        unchanged(task, &[it.service.to_owned()], known).await?;
    }
    let ours = [NOTE.to_owned(), it.service.to_owned(), noted(it.containers, it.keep)];
    let words = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into_iter().chain(ours);
    let words = words.chain(compose_scale(&task.ground.place, it.release, it.service, it.containers));
    let left = guarded::run(task, words, None).await?;
    if left.exit == 0 {
        return Ok(Done { said: String::new(), exit: Some(0) });
    }
    Err(explained(task.what(), &left))
}
