//! Brings a PostgreSQL server back to a moment, beside the one that stands: all of it is in one new data
//! directory, whose name only this run has, and nothing else is written to. Each of these may be done again
//! after a kill: what was begun before is ended and cleared first.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::pace::{PACE, far};
use super::rewind_compare::compare;
use super::rewind_exchange::{EXCHANGE, READY, RETURN, answers, is_done, names, settle};
use super::rewind_start::start;
use super::{Done, Task};
use crate::domain::archive::Tool;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::Rewind;
use crate::domain::plan::rewind::Does;
use crate::domain::plan::rewind_programs::{WITH_WALG, conf, fetching};
use crate::domain::quantity::Bytes;
use crate::domain::run::Progress;
use crate::domain::text::{clean, shorten};
use crate::engine::dump::within::{answer, argv};
use crate::engine::guarded;
use crate::transports::Within;

const DEADLINE: Duration = Duration::from_secs(60);

/// `$2` whom it is for where that is not whoever makes it, `$3` how many KiB have to be free, `$4` whether what
/// was begun before a kill is cleared first.
const MAKE: &str = concat!(
    start!(),
    r#"[ "$3" ] && gone
f=$(df -Pk "${d%/*}/" | awk 'NR==2{print $4}'); [ "${f:-0}" -ge "$2" ] || { echo "${f:-0} KiB are free by now, $2 are needed"; exit 1; }
mkdir -m 700 -- "$d" || exit 73
[ -z "$1" ] || chown "$1:" "$d" || exit 73
echo 'made'"#
);

/// Then the program and its arguments. It asks nobody anything.
const FETCH: &str = concat!(
    start!(),
    r#"[ -d "$d" ] && [ -w "$d" ] || { echo "$d is not there, or cannot be written to"; exit 1; }
"$@" </dev/null || exit
echo "restored, $(du -sk "$d" 2>/dev/null | cut -f 1) KiB""#
);

/// `$2` whom it is given to.
const HAND_OVER: &str = concat!(start!(), r#"chown -hR "$1:" "$d" && chmod 700 "$d" && echo 'given'"#);

/// Makes it ready to be started, with the settings `$1`.
macro_rules! prepared {
    () => {
        r#"[ -f "$d/PG_VERSION" ] || { echo "no server's data was restored into $d"; exit 1; }
m=$d/midwatch
prepare() {
  chmod 700 "$d" && mkdir -p "$m" || exit 73
  rm -f "$d/postmaster.pid" "$d/postmaster.opts" "$d/standby.signal"
  printf '%s' "$1" >"$m/postgresql.conf" && echo 'local all all trust' >"$m/pg_hba.conf" && : >"$m/pg_ident.conf" && : >"$d/recovery.signal" || exit 73
}
"#
    };
}

/// Waits until it is ready.
macro_rules! waited {
    () => {
        r#"n=0; until runs && case $(sed -n 8p "$d/postmaster.pid") in ready*) true;; *) false;; esac; do
  if runs; then n=0; else n=$((n+1)); fi
  [ $n -lt 20 ] || { grep -q 'could not restore file' "$m/log" 2>/dev/null && grep '^ERROR' "$m/log" | grep -v 'does not exist' | tail -n 1; grep -E 'FATAL|PANIC|last completed transaction' "$m/log" 2>/dev/null | tail -n 3; [ -s "$m/log" ] || echo 'it did not start, and said nothing'; exit 1; }
  sleep 0.5
done
ours || { echo "another server runs on $d"; exit 1; }
[ ! -e "$d/recovery.signal" ] || { echo 'it is ready, and was not brought to its moment'; exit 1; }
s=$(grep -o -E 'recovery stopping .*' "$m/log" | tail -n 1); echo "${s:-recovered}""#
    };
}

/// `$2` the folder of the programs, `$3` the options, `$4` the text of the settings. The server says in the eighth
/// line of its file how far it is ("postmaster.pid", as `pg_ctl` reads it); it takes no sessions before the log is
/// replayed, so that ready means that it is there.
const START: &str = concat!(
    start!(),
    prepared!(),
    r#"if ! runs; then prepare "$3"
  "$1/pg_ctl" start -s -W -D "$d" -l "$m/log" -o "$2" </dev/null >/dev/null 2>&1
fi
"#,
    waited!()
);

/// The same in a container, in three calls of the engine's: `$1` the container, `$2` the user or nothing, `$3` and
/// on what prepares, what runs and what waits, then what these are given. It runs as a call of its own, that
/// nobody waits for: so it is no child of the container's first process, which would take its end for one of its
/// own sessions'.
const START_WITHIN: &str = r#"c=$1 u=$2 a=$3 b=$4 z=$5; shift 5
docker exec -i ${u:+-u "$u"} "$c" sh -c "$a" sh "$@" </dev/null || exit
docker exec -d ${u:+-u "$u"} "$c" sh -c "$b" sh "$@" </dev/null || exit
exec docker exec -i ${u:+-u "$u"} "$c" sh -c "$z" sh "$@" </dev/null"#;
const PREPARE: &str = concat!(start!(), prepared!(), r#"runs || prepare "$3""#);
const RUN: &str = concat!(
    start!(),
    r#"runs && exit 0
exec "$1/postgres" -D "$d" $2 </dev/null >>"$d/midwatch/log" 2>&1"#
);
const WAIT: &str = concat!(start!(), "m=$d/midwatch\n", waited!());

const REMOVE: &str = concat!(
    start!(),
    r#"if [ -e "$d" ]; then gone; echo 'stopped and removed'; else echo 'it was not there'; fi"#
);

/// KiB that are there, and what came last of the log.
const FAR: &str = r#"cd / 2>/dev/null; echo "$(du -sk "$1" 2>/dev/null | cut -f 1)"; grep -o 'restored log file "[0-9A-F]*"' "$1/midwatch/log" 2>/dev/null | tail -n 1"#;

/// Does one of them.
pub(super) async fn rewind(task: &Task<'_>, it: &Rewind) -> Result<Done, Failure> {
    let into = it.into.as_str();
    let place = |user| Within { container: it.container(), run_as: user };
    let does = &it.does;
    if it.comes_before() && is_done(task, &it.datastore).await? {
        return Ok(Done { said: "it is in its place already".to_owned(), exit: None });
    }
    if matches!(does, Does::Exchange(_)) {
        settle(task, it).await?;
    }
    let words = match does {
        Does::Make { room } => {
            let by = it.by.as_deref().unwrap_or_default();
            let kib = room.0.div_ceil(1024).to_string();
            let anew = if task.resumed { "1" } else { "" };
            argv(place(it.keeper()), MAKE, &[into, by, &kib, anew])
        }
        Does::Fetch { archive, base, to, .. } => {
            let within =
                Within { container: archive.container.as_deref(), run_as: archive.run_as.as_deref() };
            let words = fetching(archive, base, *to, into);
            let config = archive.config.as_deref().unwrap_or_default();
            let with = ["sh", "-c", WITH_WALG, config];
            let with: &[&str] = if archive.tool == Tool::WalG { &with } else { &[] };
            let args: Vec<&str> =
                [into].iter().chain(with).copied().chain(words.iter().map(String::as_str)).collect();
            argv(within, FETCH, &args)
        }
        Does::HandOver => argv(place(Some("root")), HAND_OVER, &[into, &it.owner]),
        Does::Start { bin, port, settings, archive, to } => {
            let (options, conf) = (it.options(*port), conf(settings, archive.as_ref(), *to));
            let given = [into, bin, &options, &conf];
            match it.container() {
                None => argv(place(it.run_as.as_deref()), START, &given),
                Some(container) => {
                    let user = it.run_as.as_deref().unwrap_or_default();
                    let all = [container, user, PREPARE, RUN, WAIT].into_iter().chain(given);
                    argv(Within { container: None, run_as: None }, START_WITHIN, &all.collect::<Vec<_>>())
                }
            }
        }
        Does::Compare { port } => return compare(task, it, *port).await,
        Does::Ready { data, bin, config } => {
            argv(place(it.run_as.as_deref()), READY, &[into, data, bin, config])
        }
        Does::Exchange(it) | Does::Return(it) => {
            let script = if matches!(does, Does::Exchange(_)) { EXCHANGE } else { RETURN };
            let names = names(it);
            argv(place(Some("root")), script, &names.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Does::Remove => argv(place(it.keeper()), REMOVE, &[into]),
    };
    let ran = async {
        if task.resumed {
            let nth = usize::try_from(task.began.as_millis()).unwrap_or_default();
            guarded::again(task, nth, words, None).await
        } else {
            guarded::run(task, words, None).await
        }
    };
    let left = tokio::select! {
        left = ran => left?,
        never = tell(task, it) => match never {},
    };
    if left.exit == 0 {
        if matches!(does, Does::Exchange(_) | Does::Return(_)) {
            return answers(task, it, left.last_words()).await;
        }
        return Ok(Done { said: left.last_words(), exit: Some(0) });
    }
    let why = format!("{} (exit {})", complaint(&left.said), left.exit);
    // What the engine's program says of a command whose process is gone.
    let why = match it.container() {
        Some(container) if left.exit == 137 => {
            format!(
                "it was killed in the container {container}, or that was stopped; the last that it said: {why}"
            )
        }
        _ => why,
    };
    let failure = Failure::new(FailureKind::Invalid, task.what(), why);
    if it.container().is_some() && left.said.contains("is not running") {
        return Err(failure.hint(format!("start the container, then: midwatch undo {}", task.run)));
    }
    Err(if left.said.contains("before configured recovery target") {
        failure.hint("no later transaction is in the archive yet, so it is not known that nothing is missing: have one archived (select pg_switch_wal()), or name an earlier moment")
    } else {
        failure
    })
}

/// Tells how far what takes long is, for ever.
async fn tell(task: &Task<'_>, it: &Rewind) -> Infallible {
    let start = Instant::now();
    loop {
        sleep(PACE).await;
        if !it.may_be_left() {
            continue;
        }
        let within = Within { container: it.container(), run_as: it.keeper() };
        let command = within.command(FAR, &[&it.into]);
        // Where it cannot be seen nothing is told: what it comes to is told by the command itself.
        if let Ok(text) = answer(task.ground, command, &task.what(), DEADLINE).await
            && let Some(word) = told(&it.does, &text, start.elapsed())
        {
            task.listen.progress(Progress::Saying(word)).await;
        }
    }
}

/// How far it is, in words; of what may be fetched only the most is known.
fn told(does: &Does, answer: &str, took: Duration) -> Option<String> {
    let mut lines = answer.lines();
    let size = lines.next()?.trim().parse::<u64>().ok().map(|kib| Bytes(kib * 1024));
    match does {
        Does::Fetch { about, .. } => size.map(|size| far(size, Some(*about), took)),
        Does::Start { .. } => lines.next().map(|line| shorten(&clean(line), 120).into_owned()),
        _ => None,
    }
}

/// What a program says is wrong: its first line that says so, else the last ones.
fn complaint(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let bad = |line: &&&str| ["ERROR", "FATAL", "PANIC"].iter().any(|word| line.contains(word));
    let told = match lines.iter().find(bad) {
        Some(line) => (*line).to_owned(),
        None => lines[lines.len().saturating_sub(2)..].join("; "),
    };
    shorten(&clean(&told), 400).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_is_told_by_what_is_there_and_by_the_log() {
        let archive = crate::domain::archive::ArchiveSpec {
            tool: Tool::Barman,
            server: "db-1".into(),
            name: "main".to_owned(),
            container: None,
            run_as: None,
            config: None,
        };
        let to = crate::domain::time::Timestamp::default();
        let fetch = Does::Fetch { archive, base: String::new(), to, about: Bytes(100 << 20) };
        let said = |text: &str| told(&fetch, text, Duration::from_secs(10));
        assert_eq!(said("51200\n").unwrap(), "50M of about 100M, 5.0M/s, 10 s left");
        assert_eq!((said("\n"), said("")), (None, None));
        let start = Does::Start {
            bin: String::new(),
            port: 1,
            settings: std::collections::BTreeMap::new(),
            archive: None,
            to,
        };
        let said = |text: &str| told(&start, text, Duration::from_secs(1));
        assert_eq!(said("1\nrestored log file \"0A\"\n").unwrap(), "restored log file \"0A\"");
        assert_eq!(said("1\n"), None);
    }

    #[test]
    fn what_went_wrong_is_told_by_the_line_that_says_so() {
        let said = "WARN: odd\nERROR: [055]: unable to open missing file\nHINT: a\n";
        assert_eq!(complaint(said), "ERROR: [055]: unable to open missing file");
        assert_eq!(complaint("one\ntwo\n\nthree\n"), "two; three");
        assert_eq!(complaint(""), "");
    }
}
