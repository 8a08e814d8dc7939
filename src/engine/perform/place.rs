//! Puts a release's Compose file, or its environment file, in the place of the app's own.

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::release::ReleaseNumber;
use crate::engine::guarded;

/// `$1` the release's folder, `$2` the file, `$3` the hash of what may be replaced, empty for nothing, `$4`
/// what others may not do with a first one. The new file has owner and permissions of the old one.
const SCRIPT: &str = r#"r=.midwatch/releases/$1 n=$2 u=$4; s=$r/source/${n##*/}
[ -f "$s" ] || { echo 'the release holds no such file: the one there is left as it is'; exit 0; }
cmp -s "$s" "$n" && exit 0
if [ -e "$n" ]; then
  h=$(sha256sum <"$n"); [ "${h%% *}" = "$3" ] || { echo 'it was edited meanwhile, and is left as it is'; exit 0; }
  ( umask 077; mkdir -p "$r/replaced" && cp -p "$n" "$r/replaced/" ) && cp -p "$n" "$n.new" || exit 73
else umask "$u"; fi
cat "$s" >"$n.new" && mv "$n.new" "$n" || exit 73
sync "$n" 2>/dev/null
exit 0"#;

pub(super) async fn place(
    task: &Task<'_>,
    release: ReleaseNumber,
    over: Option<&str>,
    env: bool,
) -> Result<Done, Failure> {
    let what = task.what();
    let folder = release.folder();
    let place = &task.ground.place;
    // A Compose file is for everybody to read, an environment for its owner alone.
    let (file, mask) = if env { (place.env(), "077") } else { (place.file.as_str(), "022") };
    let words = ["sh", "-c", SCRIPT, "sh", &folder, file, over.unwrap_or_default(), mask];
    let left = guarded::run(task, words.map(str::to_owned), None).await?;
    if left.exit == 0 {
        return Ok(Done { said: left.last_words(), exit: Some(0) });
    }
    Err(Failure::new(FailureKind::Invalid, what, format!("{} (exit {})", left.last_words(), left.exit)))
}
