//! Makes a release the current one: a link, replaced in one go.

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::release::ReleaseNumber;
use crate::engine::guarded;

/// `mv -T` is what GNU and busybox have; without it a link to a folder would be moved into it.
const SCRIPT: &str = r#"cd .midwatch/releases && [ -f "$1/release.json" ] && rm -f current.new && ln -s "$1" current.new && mv -T current.new current"#;

pub(super) async fn point(task: &Task<'_>, release: ReleaseNumber) -> Result<Done, Failure> {
    let what = task.what();
    let words = ["sh", "-c", SCRIPT, "sh", &release.folder()].map(str::to_owned);
    let left = guarded::run(task, words, None).await?;
    if left.exit == 0 {
        return Ok(Done { said: String::new(), exit: Some(0) });
    }
    Err(Failure::new(FailureKind::Invalid, what, format!("{} (exit {})", left.last_words(), left.exit)))
}
