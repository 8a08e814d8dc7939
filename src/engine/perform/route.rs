//! Switches the proxy: its file replaced in one go, tested, read again; put back as it was where the
//! proxy refuses it.

use std::time::Duration;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::shell::line;
use crate::engine::guarded;

/// `$1` the file, `$2` the test, `$3` the reload, then the addresses of which one has to stand in the
/// file for anything to be done. Standard input holds the new text. The proxy reads the file as another
/// user, so it is readable by all: addresses are no secret.
const SCRIPT: &str = r#"f=$1 t=$2 r=$3; n=$f.midwatch-new o=$f.midwatch-old; shift 3; umask 022
if [ $# -gt 0 ]; then
  x=; for a; do grep -qF -- "$a" "$f" 2>/dev/null && x=1; done
  [ "$x" ] || { echo 'it was not switched'; exit 0; }
fi
cat >"$n" || exit 73
if [ -f "$f" ]; then cmp -s "$n" "$f" || cp -p "$f" "$o" || exit 73; fi
mv "$n" "$f" || exit 73
back() { [ -f "$o" ] && mv "$o" "$f"; [ -z "$r" ] || sh -c "$r" >/dev/null 2>&1; printf '%s\n' "$1"; exit 65; }
if [ "$t" ]; then w=$(sh -c "$t" 2>&1) || back "$w"; fi
if [ "$r" ]; then w=$(sh -c "$r" 2>&1) || back "$w"; fi
rm -f "$o"; exit 0"#;

/// What is switched, and how.
pub(super) struct Switch<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) test: &'a [String],
    pub(super) reload: &'a [String],
    pub(super) settles: Duration,
    pub(super) instead_of: &'a [String],
}

pub(super) async fn route(task: &Task<'_>, it: Switch<'_>) -> Result<Done, Failure> {
    let what = task.what();
    let ours = [it.file.to_owned(), line(it.test), line(it.reload)];
    let words = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into_iter().chain(ours);
    let words = words.chain(it.instead_of.iter().cloned());
    let left = guarded::run(task, words, Some(it.text.as_bytes().to_vec())).await?;
    match left.exit {
        0 => {
            tokio::time::sleep(it.settles).await;
            Ok(Done { said: left.last_words(), exit: Some(0) })
        }
        65 => Err(Failure::new(
            FailureKind::Invalid,
            what,
            format!("the proxy refused it and goes on as before: {}", left.last_words()),
        )
        .hint(format!("see what it says: {}", line(if it.test.is_empty() { it.reload } else { it.test })))),
        73 => Err(Failure::new(FailureKind::Permission, what, left.last_words())
            .hint(format!("let this user write {} and its folder", it.file))),
        code => Err(Failure::new(FailureKind::Invalid, what, format!("{} (exit {code})", left.last_words()))),
    }
}
