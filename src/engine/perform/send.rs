//! Sends the app's Compose file, or its environment file, from here into a release's folder.

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::release::ReleaseNumber;
use crate::engine::guarded;
use crate::engine::sent::read;

/// `$1` the release's folder, `$2` the file's name, `$3` its hash. Standard input is the file.
const SCRIPT: &str = r#"f=.midwatch/releases/$1/source; umask 077
mkdir -p "$f" && cat >"$f/$2.new" || exit 73
h=$(sha256sum <"$f/$2.new"); [ "${h%% *}" = "$3" ] || { echo 'it did not arrive whole' >&2; exit 73; }
mv "$f/$2.new" "$f/$2" || exit 73
sync "$f/$2" 2>/dev/null
exit 0"#;

pub(super) async fn send(
    task: &Task<'_>,
    release: ReleaseNumber,
    from: &str,
    digest: &str,
    env: bool,
) -> Result<Done, Failure> {
    let what = task.what();
    let file = read(from, &what).await?;
    if file.digest != digest {
        let why = format!("{from} is not what the plan was made of");
        return Err(Failure::new(FailureKind::Conflict, what, why)
            .hint("make the plan anew, and look at what changed"));
    }
    let place = &task.ground.place;
    let name = if env { place.env_name() } else { &place.file };
    let words = ["sh", "-c", SCRIPT, "sh", &release.folder(), name, digest].map(str::to_owned);
    let bytes = file.text.len();
    let left = guarded::run(task, words, Some(file.text.into_bytes())).await?;
    if left.exit == 0 {
        return Ok(Done { said: format!("{bytes} bytes"), exit: Some(0) });
    }
    let why = format!("{} (exit {})", left.last_words(), left.exit);
    Err(Failure::new(FailureKind::Invalid, what, why)
        .hint("see that the disk is not full and the app's folder can be written to"))
}
