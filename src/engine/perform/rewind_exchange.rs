//! Has a data directory that was restored take the place of the one that stands, and takes that back. Each may
//! be done again after a kill, from wherever it was: what stands is known by its number, not by its name.

use std::time::Duration;

use super::rewind_start::start;
use super::{Done, Task};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::plan::{Exchange, Rewind};
use crate::engine::dump::within::answer;
use crate::engine::restore::psql::{Server, password};
use crate::operations::rewind_return::exchanged;
use crate::transports::Within;

const DEADLINE: Duration = Duration::from_secs(60);

/// `$2` the data directory that stands, whose settings it gets: those of the server, and not of that moment. With
/// `$3`, the folder of the programs, and `$4`, the file of its settings, it is seen that the server would start:
/// they may have been written to since it did.
pub(super) const READY: &str = concat!(
    start!(),
    r#"[ -f "$d/PG_VERSION" ] || { echo "no server's data is in $d"; exit 1; }
said=$("$2/postgres" -C port -D "$1" -c config_file="$3" 2>&1) || { echo "the server would not start with its settings: $(printf '%s\n' "$said" | head -n 1)"; exit 1; }
stopped
rm -rf -- "$d/midwatch" "$d/recovery.signal" "$d/standby.signal" "$d/postmaster.opts" || exit 73
for f in "$1"/*.conf "$1"/*.crt "$1"/*.key "$1"/*.crl "$1"/*.pem; do
  [ ! -f "$f" ] || cp -p -- "$f" "$d/" || exit 73
done
[ ! -d "$1/conf.d" ] || cp -a -- "$1/conf.d" "$d/" || exit 73
sync -f "$d" 2>/dev/null || sync
echo 'stopped; it has the settings of the server'"#
);

/// What both begin with: `$2` the name for what stands, `$3` where the server has its data, `$4` the number of
/// what stands, `$5` systemd's unit. `on` says whether a server runs on a folder.
macro_rules! both {
    () => {
        concat!(
            start!(),
            r#"a=$1 D=$2 w=$3 u=$4; ours_by_name "$a"
i() { stat -c %i "$1" 2>/dev/null || echo -; }
on() { p=$(sed -n 1p "$1/postmaster.pid" 2>/dev/null) && [ -n "$p" ] && [ "/proc/$p/cwd" -ef "$1" ]; }
said() { journalctl -qu "$u" -n 3 -o cat 2>/dev/null; }
down() {
  systemctl stop "$u" || { echo "systemctl stop $u failed"; said; exit 1; }
  ! on "$D" || { echo "a server still runs on $D, which $u does not stop"; exit 1; }
}
up() {
  systemctl reset-failed "$u" 2>/dev/null
  systemctl start "$u" 2>/dev/null || { said; echo "systemctl start $u failed"; exit 1; }
  n=0; until on "$D" && case $(sed -n 8p "$D/postmaster.pid") in ready*) true;; *) false;; esac; do
    if on "$D"; then n=0; else n=$((n+1)); fi
    [ $n -lt 40 ] || { said; echo "no server runs on $D"; exit 1; }
    sleep 0.25
  done
}
lost() { echo "what stands is not where it was: $D is $(i "$D"), $a is $(i "$a"), $d is $(i "$d"), and $w is looked for"; exit 1; }
"#
        )
    };
}

/// By one call where the server's `mv` has that (coreutils 9.5), else by two renames, between which the name is
/// missing.
pub(super) const EXCHANGE: &str = concat!(
    both!(),
    r#"if [ "$(i "$D")" = "$w" ]; then
  cmp -s "$d/PG_VERSION" "$D/PG_VERSION" && [ ! -e "$d/midwatch" ] && [ ! -e "$a" ] && ! on "$d" || { echo "$d is not ready to take the place of $D"; exit 1; }
  down
  mv --exchange -T "$D" "$d" 2>/dev/null || { mv -T "$D" "$a" && mv -T "$d" "$D"; } || { echo "$D cannot be given another name"; exit 1; }
fi
[ -e "$D" ] || [ "$(i "$a")" != "$w" ] || mv -T "$d" "$D" || exit 1
[ "$(i "$d")" != "$w" ] || mv -T "$d" "$a" || exit 1
[ "$(i "$a")" = "$w" ] && [ -f "$D/PG_VERSION" ] && [ ! -e "$d" ] || lost
sync -f "$D" 2>/dev/null || sync
up
echo "$D is what was $d; what stood is $a""#
);

/// `$6` whether what came is removed then.
pub(super) const RETURN: &str = concat!(
    both!(),
    r#"if [ "$(i "$D")" != "$w" ]; then
  if [ "$(i "$d")" = "$w" ]; then
    down; mv --exchange -T "$D" "$d" || exit 1
  elif [ "$(i "$a")" = "$w" ]; then
    down; [ ! -e "$D" ] || { [ ! -e "$d" ] && mv -T "$D" "$d"; } || lost
    mv -T "$a" "$D" || exit 1
  else lost; fi
fi
[ "$(i "$D")" = "$w" ] && [ "$(i "$d")" != "$w" ] || lost
sync -f "$D" 2>/dev/null || sync
up
[ -z "$5" ] || [ ! -e "$d" ] || gone
echo "the server runs on what stood""#
);

/// The number of a folder; a word where it is not there.
const NUMBER: &str =
    r#"cd / 2>/dev/null; [ -d "${1%/*}/" ] || exit 1; stat -c %i "$1" 2>/dev/null || echo none"#;

/// The arguments of both.
pub(super) fn names(it: &Exchange) -> Vec<String> {
    let removes = if it.removes { "1" } else { "" };
    let was = it.was.to_string();
    [&it.from, &it.aside, &it.data, &was, &it.unit, removes].map(str::to_owned).to_vec()
}

/// Whether a run that was taken up again has begun to put what it restored of this datastore in the place of
/// what stood: then all before that is done, and done anew it would be of something else.
pub(super) async fn is_done(task: &Task<'_>, of: &DatastoreId) -> Result<bool, Failure> {
    let Some((it, names)) = exchanged(task.confirmed.plan.plan()).filter(|_| task.resumed) else {
        return Ok(false);
    };
    if it.datastore != *of {
        return Ok(false);
    }
    let within = Within { container: None, run_as: it.run_as.as_deref() };
    let command = within.command(NUMBER, &[&names.data]);
    let told = answer(task.ground, command, &task.what(), DEADLINE).await?;
    Ok(told.trim() != names.was.to_string())
}

/// What is not on the disk yet goes there while the server serves, so that it is soon stopped. Who may not have
/// that done has it done by the stop itself.
pub(super) async fn settle(task: &Task<'_>, it: &Rewind) -> Result<(), Failure> {
    let secret = password(task.ground, &it.datastore).await?;
    let server = Server::new(&it.source, secret.as_ref());
    // It only saves time.
    let _ =
        server.ask(task.ground, server.elsewhere(), &["checkpoint"], &task.what(), task.step.deadline).await;
    Ok(())
}

/// Whether the server answers, and writes: a role of the datastore asks it.
pub(super) async fn answers(task: &Task<'_>, it: &Rewind, said: String) -> Result<Done, Failure> {
    let secret = password(task.ground, &it.datastore).await?;
    let server = Server::new(&it.source, secret.as_ref());
    let what = task.what();
    let told = server
        .ask(task.ground, it.source.database(), &["select pg_is_in_recovery()"], &what, DEADLINE)
        .await?;
    if told.trim() == "f" {
        return Ok(Done { said, exit: Some(0) });
    }
    Err(Failure::new(FailureKind::Conflict, what, "the server answers, and takes no writes"))
}

#[cfg(test)]
#[path = "rewind_exchange_tests.rs"]
mod tests;
