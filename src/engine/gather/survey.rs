//! The ledger, the lock, room and clock of a server, in one command.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::deploy::AppSpec;
use crate::domain::failure::Failure;
use crate::domain::quantity::Bytes;
use crate::domain::release::lock::Holder;
use crate::domain::release::{Release, ReleaseNumber};
use crate::domain::run::RunId;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::engine::ground::Ground;
use crate::operations::facts::Held;
use crate::transports::RemoteCommand;

const DEADLINE: Duration = Duration::from_secs(20);

/// Prints a line of `word value` for each thing there is.
const SCRIPT: &str = r#"d=$1 o=$1/.midwatch n=$2 make=$3 v=$4
echo "now $(date +%s)"
if cd "$d" 2>/dev/null; then
  if [ -d .midwatch ]; then [ -w .midwatch ]; else [ -w . ]; fi && echo "writable yes" || echo "writable no: $(id -un) may not"
elif [ "$make" ] && [ ! -e "$d" ]; then
  echo absent; p=$d; while [ ! -e "$p" ]; do p=$(dirname "$p"); done
  cd "$p" 2>/dev/null && [ -w . ] && echo "writable yes" || echo "writable no: $(id -un) may not make it in $p"
else echo "writable no: it is not there, or may not be entered"; exit 0
fi
s() { [ -f "$2" ] && h=$(sha256sum <"$2") && echo "$1 ${h%% *}"; }
if [ "$make" ]; then s file "$d/$n"; s released "$o/releases/current/source/$n"; fi
if [ "$v" ]; then s env "$v"; s env-released "$o/releases/current/source/${v##*/}"; head -c 1000000 "$d/$n" 2>/dev/null | sed 's/^/compose /'; fi
df -Pk . 2>/dev/null | sed -n '2s/^.*[^0-9]\([0-9][0-9]*\)  *[0-9]*%.*$/room \1/p'
r=/var/lib/docker; [ -d "$r" ] || r=/var/lib/containers; [ -d "$r" ] || r=/
df -Pk "$r" 2>/dev/null | sed -n '2s/^.*[^0-9]\([0-9][0-9]*\)  *[0-9]*%.*$/free \1/p'
{ command -v ss || command -v netstat; } >/dev/null && echo "listens -"
(ss -ltn || netstat -ltn) 2>/dev/null | sed -n '/LISTEN/s/^[^:]*[^ ]*:\([0-9][0-9]*\) .*$/listens \1/p' | sort -u
[ -e "$o/lock" ] && sed 's/^/lock /' "$o/lock"
for f in "$o"/releases/[0-9]*/release.json; do [ -f "$f" ] && sed 's/^/release /' "$f"; done
[ -f "$o/scale" ] && sed 's/^/scale /' "$o/scale"
c=$(readlink "$o/releases/current") && echo "current $c"
for r in "$o"/runs/*; do [ -d "$r" ] && [ ! -e "$r/outcome.json" ] && echo "unfinished ${r##*/}"; done
exit 0"#;

/// What it found.
pub(super) struct Survey {
    /// Whether its folder has to be made.
    pub(super) absent: bool,
    /// SHA-256 of the Compose file there, and of the one that the current release was made of.
    pub(super) file: Option<String>,
    pub(super) released: Option<String>,
    /// Likewise of the environment file, where one is sent; then the Compose file there too, which may
    /// hold secrets.
    pub(super) env: Option<String>,
    pub(super) env_released: Option<String>,
    pub(super) compose: Option<String>,
    pub(super) writable: Result<(), String>,
    pub(super) free: Option<Bytes>,
    pub(super) room: Option<Bytes>,
    pub(super) listening: Option<Vec<u16>>,
    pub(super) clock_off: Option<Duration>,
    pub(super) lock: Option<Held>,
    pub(super) releases: Vec<Release>,
    pub(super) current: Option<ReleaseNumber>,
    pub(super) scale: BTreeMap<String, u16>,
    pub(super) unfinished: Vec<RunId>,
}

/// Looks. `now` is when the gathering began, so that the clock is compared within what it takes.
pub(super) async fn survey(ground: &Ground, spec: &AppSpec, now: Timestamp) -> Result<Survey, Failure> {
    let what = format!("read the release ledger on {}", ground.server);
    let place = &ground.place;
    // Its folder may have to be made, for a file that is sent.
    let make = if spec.send.is_some() { "yes" } else { "" };
    let env = if spec.send_env.is_some() { place.env() } else { "" };
    let command =
        RemoteCommand::script(SCRIPT).args([place.directory.as_str(), place.file.as_str(), make, env]);
    Ok(read(&ground.done(command, &what, DEADLINE).await?, now))
}

/// Reads its lines; what makes no sense is told as what it is, never as nothing.
fn read(text: &str, now: Timestamp) -> Survey {
    let mut found = Survey {
        absent: false,
        file: None,
        released: None,
        env: None,
        env_released: None,
        compose: None,
        writable: Err("it could not be told".to_owned()),
        free: None,
        room: None,
        listening: None,
        clock_off: None,
        lock: None,
        releases: Vec::new(),
        current: None,
        scale: BTreeMap::new(),
        unfinished: Vec::new(),
    };
    let mut lock: Vec<&str> = Vec::new();
    for line in text.lines() {
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "now" => {
                let theirs = value.parse().ok().map(Timestamp::from_secs);
                found.clock_off = theirs.map(|theirs| theirs.since(now).max(now.since(theirs)));
            }
            "writable" => {
                let why = value.strip_prefix("no: ");
                found.writable = why.map_or(Ok(()), |why| Err(clean(why).into_owned()));
            }
            "absent" => found.absent = true,
            "file" => found.file = Some(value.to_owned()),
            "released" => found.released = Some(value.to_owned()),
            "env" => found.env = Some(value.to_owned()),
            "env-released" => found.env_released = Some(value.to_owned()),
            "compose" => {
                let text = found.compose.get_or_insert_default();
                text.push_str(value);
                text.push('\n');
            }
            "room" => found.room = value.parse::<u64>().ok().map(|kib| Bytes(kib * 1024)),
            "free" => found.free = value.parse::<u64>().ok().map(|kib| Bytes(kib * 1024)),
            "listens" => found.listening.get_or_insert_default().extend(value.parse::<u16>().ok()),
            "lock" => lock.push(value),
            "release" => found.releases.extend(serde_json::from_str::<Release>(value).ok()),
            "current" => found.current = value.parse().ok().map(ReleaseNumber),
            "scale" => {
                let pair = value.split_once(' ');
                found
                    .scale
                    .extend(pair.and_then(|(name, n)| Some((name.to_owned(), n.trim().parse().ok()?))));
            }
            "unfinished" => found.unfinished.extend(RunId::try_from(value.to_owned()).ok()),
            _ => {}
        }
    }
    found.releases.sort_by_key(|release| release.number);
    found.lock = held(&lock);
    // The run that holds the lock is not one without an end.
    if let Some(Held::By(holder)) = &found.lock {
        found.unfinished.retain(|run| *run != holder.run);
    }
    found
}

pub fn held(lines: &[&str]) -> Option<Held> {
    let first = lines.first()?;
    let holder = lines.get(1).and_then(|line| serde_json::from_str::<Holder>(line).ok());
    Some(match holder {
        Some(holder) => Held::By(holder),
        None => Held::Unreadable(shorten(&clean(first), 80).into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_makes_no_sense_is_still_a_lock() {
        let found = read("writable yes\nlock \u{1b}[31mgarbage\nfree 1024\n", Timestamp::default());
        assert!(matches!(found.lock, Some(Held::Unreadable(_))));
        assert_eq!(found.free, Some(Bytes(1 << 20)));
    }

    #[test]
    fn silence_is_not_taken_for_leave_to_write() {
        assert!(read("", Timestamp::default()).writable.is_err());
    }

    #[test]
    fn a_clock_is_off_in_either_direction() {
        let now = Timestamp::from_secs(1000);
        for theirs in ["now 400", "now 1600"] {
            assert_eq!(read(theirs, now).clock_off, Some(Duration::from_secs(600)));
        }
    }
}
