//! systemd units of ours: tried, written, enabled, read back, started once, taken away, put back as they were.
//!
//! Files of the machine's own manager are root's: they are written through `sudo -n` where we are somebody
//! else. What a file was before is kept beside the run until it is over and after, so that each of these may
//! be done again after a kill.

use secrecy::ExposeSecret;

use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::units::{CREDENTIALS, Credential, UnitsAct};
use crate::domain::schedule::{Scope, UnitFile};
use crate::engine::guarded;
use crate::engine::restore::psql::password;

/// What all of them begin with: `$1` whose manager. `a` runs something as whoever may change its units.
macro_rules! start {
    () => {
        r#"export LC_ALL=C TZ=UTC SYSTEMD_COLORS=0 SYSTEMD_PAGER=
w=$1; shift
a() { if [ "$w" = user ] || [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -- "$@"; fi; }
if [ "$w" = user ]; then
  d=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user; export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
  c() { systemctl --user "$@"; }
else d=/etc/systemd/system; c() { a systemctl "$@"; }; fi
h() { [ -e "$d/$1" ] && s=$(sha256sum <"$d/$1") && echo "${s%% *}"; }
"#
    };
}

/// Name and text of each. What systemd says of other units is no concern of ours.
const VERIFY: &str = concat!(
    start!(),
    r#"t=$(mktemp -d) || exit 73; trap 'rm -rf "$t"' EXIT
while [ $# -gt 1 ]; do printf '%s' "$2" >"$t/$1" || exit 73; shift 2; done
if [ "$w" = user ]; then o=$(systemd-analyze --user verify "$t"/* 2>&1); else o=$(systemd-analyze verify "$t"/* 2>&1); fi; r=$?
o=$(printf '%s\n' "$o" | grep -F -e "$t/" -e midwatch- | sed "s|$t/||g")
[ $r = 0 ] && [ -z "$o" ] && { echo 'systemd finds nothing wrong with them'; exit 0; }
printf '%s\n' "${o:-systemd-analyze verify ended with $r}"; exit 1"#
);

/// The file's name; the secret is its input.
const CREDENTIAL: &str = concat!(
    start!(),
    r#"a sh -c 'umask 077; mkdir -p "$1" && chmod 700 "$1" "${1%/*}" && cat >"$1/$2.new" && mv "$1/$2.new" "$1/$2"' sh "$2" "$1" || exit 73
echo 'written, for root alone'"#
);

/// `$1` the run, then name, hash of what is there and text of each. All are looked at before one is written.
const PLACE: &str = concat!(
    start!(),
    r#"k=.midwatch/runs/$1/units; shift; a mkdir -p "$d" && mkdir -p "$k" || exit 73
if [ ! -e "$k/placed" ]; then
  n=$#; while [ $n -gt 0 ]; do
    [ "$(h "$1")" = "$2" ] || { echo "$1 is not as it was when this was planned any more"; exit 1; }
    [ -z "$2" ] || cp "$d/$1" "$k/$1" || exit 73
    set -- "$@" "$1" "$2" "$3"; shift 3; n=$((n-3))
  done
  : >"$k/placed" || exit 73
fi
while [ $# -gt 2 ]; do
  printf '%s' "$3" | a sh -c 'umask 022; cat >"$1.new" && mv "$1.new" "$1"' sh "$d/$1" || exit 73
  shift 3
done
c daemon-reload && echo "written in $d""#
);

const ENABLE: &str =
    concat!(start!(), r#"c daemon-reload && c enable "$1" 2>/dev/null && c restart "$1" && echo enabled"#);

/// `$1` the timer, then name and hash of each file.
const SEE: &str = concat!(
    start!(),
    r#"u=$1; shift
while [ $# -gt 1 ]; do [ "$(h "$1")" = "$2" ] || { echo "$1 does not hold what was written"; exit 1; }; shift 2; done
e=$(c is-enabled "$u"); [ "$e" = enabled ] || { echo "$u is not enabled: $e"; exit 1; }
e=$(c is-active "$u"); [ "$e" = active ] || { echo "$u does not wait: $e"; exit 1; }
n=$(c show -P NextElapseUSecRealtime "$u"); [ -n "$n" ] || { echo "$u has no next run"; exit 1; }
echo "its next run: $n""#
);

const START: &str = concat!(
    start!(),
    r#"if c start "$1" 2>/dev/null; then
  [ "$(c show -P Result "$1")" = success ] && { echo 'it ran, and ended well'; exit 0; }
fi
if [ "$w" = user ]; then j="journalctl --user"; else j="a journalctl"; fi
$j -u "$1" -n 6 --no-pager -o cat 2>/dev/null | grep -v -e '^$' -e '^Starting ' | grep -v -e ': Deactivated' -e '^Failed to start' -e ': Consumed' -e 'Failed with result' -e 'Main process exited'
exit 1"#
);

/// `$1` the run, then the names.
const REMOVE: &str = concat!(
    start!(),
    r#"k=.midwatch/runs/$1/units; shift; mkdir -p "$k" || exit 73
if [ ! -e "$k/placed" ]; then
  for n in "$@"; do [ ! -e "$d/$n" ] || cp "$d/$n" "$k/$n" || exit 73; done
  : >"$k/placed" || exit 73
fi
for n in "$@"; do case $n in *.timer) c disable --now "$n" 2>/dev/null; c clean --what=state "$n" 2>/dev/null;; esac; done
for n in "$@"; do a rm -f "$d/$n" || exit 73; done
c daemon-reload; c reset-failed "$@" 2>/dev/null
for n in "$@"; do [ ! -e "$d/$n" ] || { echo "$n is still there"; exit 1; }; done
echo gone"#
);

/// The folder, then the files.
const FORGET: &str = concat!(
    start!(),
    r#"f=$1; shift; for n in "$@"; do a rm -f "$f/$n" || exit 73; done
a rmdir "$f" "${f%/*}" 2>/dev/null; echo gone"#
);

/// `$1` the run, `$2` the folder of the secrets, `$3` how many secrets, then those and the names.
const BACK: &str = concat!(
    start!(),
    r#"k=.midwatch/runs/$1/units f=$2 m=$3; shift 3; [ -e "$k/placed" ] || { echo 'nothing was written'; exit 0; }
n=0; for s in "$@"; do n=$((n+1)); [ $n -gt $m ] && [ -e "$k/$s" ] && had=1; done
while [ $m -gt 0 ]; do [ "$had" ] || a rm -f "$f/$1"; shift; m=$((m-1)); done
for n in "$@"; do
  if [ -e "$k/$n" ]; then a sh -c 'umask 022; cat >"$1.new" && mv "$1.new" "$1"' sh "$d/$n" <"$k/$n" || exit 73
  else case $n in *.timer) c disable --now "$n" 2>/dev/null;; esac; a rm -f "$d/$n" || exit 73; fi
done
c daemon-reload || exit 1
for n in "$@"; do case $n in *.timer) [ ! -e "$k/$n" ] || { c enable "$n" 2>/dev/null && c restart "$n"; } || exit 1;; esac; done
echo 'as before'"#
);

/// Does one of them.
pub(super) async fn units(task: &Task<'_>, act: &UnitsAct) -> Result<Done, Failure> {
    let run = task.run.as_str();
    let mut stdin = None;
    let (script, scope, args): (&str, Scope, Vec<String>) = match act {
        UnitsAct::Verify { scope, units } => {
            (VERIFY, *scope, units.iter().flat_map(|it| [it.name.clone(), it.text.clone()]).collect())
        }
        UnitsAct::Credential { file, of } => {
            stdin = Some(secret(task, of).await?);
            (CREDENTIAL, Scope::System, vec![file.clone(), CREDENTIALS.to_owned()])
        }
        UnitsAct::Place { scope, units, before } => {
            let each = units
                .iter()
                .zip(before)
                .flat_map(|(it, before)| [it.name.clone(), before.clone(), it.text.clone()]);
            (PLACE, *scope, [run.to_owned()].into_iter().chain(each).collect())
        }
        UnitsAct::Enable { scope, timer } => (ENABLE, *scope, vec![timer.clone()]),
        UnitsAct::See { scope, units, timer } => {
            let each = units.iter().flat_map(|it| [it.name.clone(), hash(it)]);
            (SEE, *scope, [timer.clone()].into_iter().chain(each).collect())
        }
        UnitsAct::Start { scope, service } => (START, *scope, vec![service.clone()]),
        UnitsAct::Remove { scope, units } => {
            (REMOVE, *scope, [run.to_owned()].into_iter().chain(units.iter().cloned()).collect())
        }
        UnitsAct::Forget { files } => (
            FORGET,
            Scope::System,
            [CREDENTIALS.to_owned()].into_iter().chain(files.iter().cloned()).collect(),
        ),
        UnitsAct::Back { scope, units, files } => {
            let head = [run.to_owned(), CREDENTIALS.to_owned(), files.len().to_string()];
            (
                BACK,
                *scope,
                head.into_iter().chain(files.iter().cloned()).chain(units.iter().cloned()).collect(),
            )
        }
    };
    let words = ["sh", "-c", script, "sh", scope.word()].map(str::to_owned).into_iter().chain(args);
    let left = guarded::run(task, words, stdin).await?;
    if left.exit == 0 {
        return Ok(Done { said: left.last_words(), exit: Some(0) });
    }
    let mut lines = left.said.lines().map(str::trim).filter(|line| !line.is_empty());
    let why: Vec<&str> = lines.by_ref().take(4).collect();
    let why = crate::domain::text::clean(&why.join("; ")).into_owned();
    Err(Failure::new(FailureKind::Invalid, task.what(), format!("{why} (exit {})", left.exit)))
}

/// SHA-256 of a unit's file, in hex.
fn hash(unit: &UnitFile) -> String {
    use sha2::{Digest as _, Sha256};
    crate::domain::plan::hex(&Sha256::digest(unit.text.as_bytes()))
}

/// What a service needs, fetched now and held for as long as it is sent.
async fn secret(task: &Task<'_>, of: &Credential) -> Result<Vec<u8>, Failure> {
    match of {
        Credential::Repository(id) => {
            let vault = task.ground.vaults().repository(id)?;
            let secret = vault.password().await;
            let secret = secret.map_err(|error| error.into_failure(&format!("read the password of {id}")))?;
            Ok(format!("{}\n", secret.expose_secret()).into_bytes())
        }
        Credential::Postgres(id) => {
            let secret = password(task.ground, id).await?.ok_or_else(|| {
                Failure::new(FailureKind::NotFound, format!("read the password of {id}"), "it has none")
            })?;
            let escaped = secret.expose_secret().replace('\\', r"\\").replace(':', r"\:");
            Ok(format!("*:*:*:*:{escaped}\n").into_bytes())
        }
    }
}
