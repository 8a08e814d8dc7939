//! Switches the proxy: its file replaced in one go, tested, read again; put back as it was where the
//! proxy refuses it. Of an app in maintenance what is kept in the file is replaced: it stays there.

use std::time::Duration;

use super::kept::kept;
use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::shell::line;
use crate::engine::guarded::{self, Left};

/// `$1` the file, `$2` the test, `$3` the reload, then the addresses of which one has to stand in the
/// file for anything to be done. Standard input holds the new text. The proxy reads the file as another
/// user, so it is readable by all: addresses are no secret.
const SCRIPT: &str = concat!(
    kept!(),
    r#"f=$1 t=$2 r=$3; n=$f.midwatch-new o=$f.midwatch-old; shift 3; umask 022
if [ $# -gt 0 ]; then
  x=; for a; do grep -qF -- "$a" "$f" 2>/dev/null && x=1; done
  [ "$x" ] || { echo 'it was not switched'; exit 0; }
fi
cat >"$n" || exit 73
if shut "$f"; then { head -n 1 "$f" && keep "$n" && grep -v '^#[=!]' "$f"; } >"$n.in" && mv "$n.in" "$n" || { rm -f "$n.in"; exit 73; }; fi
if [ -f "$f" ]; then cmp -s "$n" "$f" || cp -p "$f" "$o" || exit 73; fi
mv "$n" "$f" || exit 73
back() { [ -f "$o" ] && mv "$o" "$f"; [ -z "$r" ] || sh -c "$r" >/dev/null 2>&1; printf '%s\n' "$1"; exit 65; }
if [ "$t" ]; then w=$(sh -c "$t" 2>&1) || back "$w"; fi
if [ "$r" ]; then w=$(sh -c "$r" 2>&1) || back "$w"; fi
rm -f "$o"; exit 0"#
);

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
    let ours = [it.file.to_owned(), line(it.test), line(it.reload)];
    let words = ["sh", "-c", SCRIPT, "sh"].map(str::to_owned).into_iter().chain(ours);
    let words = words.chain(it.instead_of.iter().cloned());
    let left = guarded::run(task, words, Some(it.text.as_bytes().to_vec())).await?;
    if left.exit != 0 {
        return Err(refused(task, &left, it.file, it.test, it.reload));
    }
    tokio::time::sleep(it.settles).await;
    Ok(Done { said: left.last_words(), exit: Some(0) })
}

/// Why a proxy's file is not what it should be.
pub(super) fn refused(
    task: &Task<'_>,
    left: &Left,
    file: &str,
    test: &[String],
    reload: &[String],
) -> Failure {
    let what = task.what();
    match left.exit {
        65 => Failure::new(
            FailureKind::Invalid,
            what,
            format!("the proxy refused it and goes on as before: {}", left.last_words()),
        )
        .hint(format!("see what it says: {}", line(if test.is_empty() { reload } else { test }))),
        73 => Failure::new(FailureKind::Permission, what, left.last_words())
            .hint(format!("let this user write {file} and its folder")),
        code => Failure::new(FailureKind::Invalid, what, format!("{} (exit {code})", left.last_words())),
    }
}
