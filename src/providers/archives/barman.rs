//! Barman: its lists as JSON and plain text (<https://docs.pgbarman.org>, "Commands reference").
//!
//! It is told of the oldest and the newest base backup alone which segment they need: each question starts an
//! interpreter on the server, so there are four, each five minutes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{complaint, names, part};
use crate::domain::archive::{Archived, Base};
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::domain::wal::{Segment, stretches};

/// What it lists comes out of an index of its own: whether the files are there is looked at besides.
/// `$1` the server's name there, `$2` the configuration file or nothing.
pub(super) const SCRIPT: &str = r#"export LC_ALL=C TZ=UTC; n=$1 c=$2; set --; [ -n "$c" ] && set -- -c "$c"
cd / 2>/dev/null; command -v barman >/dev/null || exit 127
echo @list; barman "$@" -f json list-backups "$n"; r=$?
[ "$r" = 0 ] || exit 0
echo; echo @check; barman "$@" -f json check "$n"
echo; echo @newest; barman "$@" list-files --target wal "$n" latest 2>/dev/null | head -n 1
l=$(barman "$@" list-files --target wal "$n" oldest 2>/dev/null) || exit 0
echo; echo @wal; printf '%s\n' "$l" | while IFS= read -r f; do [ -e "$f" ] && printf '%s\n' "$f"; done
echo; echo @listed"#;

#[derive(Deserialize)]
struct Listed {
    backup_id: String,
    status: String,
    #[serde(default)]
    backup_type: Option<String>,
    #[serde(default)]
    end_time_timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Check {
    status: String,
    #[serde(default)]
    hint: String,
}

/// What it writes under the server's name, or why it does not.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told<T> {
    Of(T),
    Words(Vec<String>),
    Other(IgnoredAny),
}

/// Reads what it answered of a server.
pub(super) fn read(text: &str, name: &str, size: u64) -> Result<Archived, String> {
    let list = part(text, "list").unwrap_or_default();
    let mut told: BTreeMap<String, Told<Vec<Listed>>> =
        serde_json::from_str(list).map_err(|error| format!("its list of backups: {error}"))?;
    let Some(Told::Of(backups)) = told.remove(name) else {
        return match told.remove("_ERROR") {
            Some(Told::Words(words)) => {
                Ok(Archived { complaint: complaint(&words.join("; ")), ..Archived::default() })
            }
            _ => Err(format!("it says nothing of {name:?}")),
        };
    };
    Ok(with(backups, text, name, size))
}

fn with(backups: Vec<Listed>, text: &str, name: &str, size: u64) -> Archived {
    let mut bases: Vec<Base> = backups.into_iter().filter_map(base).collect();
    bases.sort_by_key(|it| it.ended);
    let segments = |list| -> Vec<Segment> { names(list).filter_map(|it| Segment::parse(it, size)).collect() };
    let listed = part(text, "listed").is_some().then(|| part(text, "wal").unwrap_or_default());
    let all = listed.map(segments);
    if let (Some(first), Some(all)) = (bases.first_mut(), &all) {
        first.needs = all.iter().min_by_key(|it| it.place).copied();
    }
    if let (Some(last), Some(newest)) = (bases.last_mut(), part(text, "newest")) {
        last.needs = segments(newest).first().copied().or(last.needs);
    }
    Archived { bases, wal: all.map(stretches), archiver: None, complaint: failed(text, name) }
}

/// One that runs still is none yet.
fn base(it: Listed) -> Option<Base> {
    let failed = match it.status.as_str() {
        "DONE" | "WAITING_FOR_WALS" => None,
        "FAILED" => Some("it failed".to_owned()),
        _ => return None,
    };
    let ended = it.end_time_timestamp.and_then(|at| at.parse().ok()).map(Timestamp::from_secs);
    let full = it.backup_type.as_deref().is_none_or(|kind| kind != "incremental");
    let name = shorten(&clean(&it.backup_id), 80).into_owned();
    match (ended, failed) {
        (Some(ended), failed) => Some(Base { name, full, ended, needs: None, failed }),
        // It never ended: its name is when it began.
        (None, Some(failed)) => {
            Some(Base { name, full, ended: Timestamp::default(), needs: None, failed: Some(failed) })
        }
        (None, None) => None,
    }
}

/// What its own check finds wrong; that it cannot be read is wrong, too.
fn failed(text: &str, name: &str) -> Option<String> {
    type Checks = BTreeMap<String, Told<BTreeMap<String, Check>>>;
    let checks = part(text, "check").and_then(|it| serde_json::from_str::<Checks>(it).ok());
    let Some(Told::Of(all)) = checks.as_ref().and_then(|checks| checks.get(name)) else {
        return Some("its own check cannot be read".to_owned());
    };
    let failed = all.iter().filter(|(_, it)| it.status == "FAILED").map(|(what, it)| {
        let what = what.replace('_', " ");
        if it.hint.is_empty() { what } else { format!("{what}: {}", it.hint) }
    });
    complaint(&failed.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::wal::USUAL;

    /// What version 3.13 wrote.
    const TOLD: &str = r#"@list
{"main": [{"backup_id": "20261122T080013", "backup_type": "full", "end_time": "Sun Nov 22 08:00:20 2026", "end_time_timestamp": "1795334420", "retention_status": "-", "size": "54.3 MiB", "size_bytes": 56951320, "status": "WAITING_FOR_WALS", "wal_size": "0 B", "wal_size_bytes": 0}]}
@check
{"main": {"archive_mode": {"hint": "", "status": "OK"}, "wal_archive": {"hint": "please make sure WAL shipping is setup", "status": "FAILED"}}}
@newest
/var/lib/barman/main/wals/0000000100000000/00000001000000000000000B
@wal
/var/lib/barman/main/wals/0000000100000000/00000001000000000000000B
/var/lib/barman/main/wals/0000000100000000/00000001000000000000000C

@listed
"#;

    #[test]
    fn its_backups_segments_and_complaints_are_read() {
        let it = read(TOLD, "main", USUAL).unwrap();
        let full = it.last_full().unwrap();
        assert_eq!((full.name.as_str(), full.needs.unwrap().place), ("20261122T080013", 11));
        assert_eq!(it.last_wal().unwrap().place, 12);
        assert_eq!(it.complaint.as_deref(), Some("wal archive: please make sure WAL shipping is setup"));
        assert_eq!(it.gap(), None);
        let failed = TOLD.replace("WAITING_FOR_WALS", "FAILED");
        assert_eq!(read(&failed, "main", USUAL).unwrap().last_full(), None);
        let running = TOLD.replace("WAITING_FOR_WALS", "STARTED");
        assert_eq!(read(&running, "main", USUAL).unwrap().bases, []);
    }

    #[test]
    fn a_server_that_it_does_not_know_is_said() {
        let none = r#"@list
{"_ERROR": ["Unknown server 'main'"]}"#;
        assert_eq!(read(none, "main", USUAL).unwrap().complaint.as_deref(), Some("Unknown server 'main'"));
        let warned = r#"@list
{"_WARNING": ["odd"], "main": []}"#;
        let none = read(warned, "main", USUAL).unwrap();
        assert_eq!((none.bases.len(), none.complaint.as_deref()), (0, Some("its own check cannot be read")));
        assert!(read("@list\nTraceback", "main", USUAL).is_err());
    }
}
