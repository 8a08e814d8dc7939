//! WAL-G: its lists as JSON (<https://wal-g.readthedocs.io/PostgreSQL/>, `backup-list` and `wal-show`).
//!
//! It may say everything on its standard error, and what comes last there says why it failed.

use serde::Deserialize;

use super::{complaint, part};
use crate::domain::archive::{Archived, Base};
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::domain::wal::{Segment, Stretch, joined};

/// `$2` the configuration file or nothing. What it is set up by may be an environment of its own, as
/// `envdir` has it: a folder.
pub(super) const SCRIPT: &str = r#"export LC_ALL=C TZ=UTC; c=$2; set --
cd / 2>/dev/null; command -v wal-g >/dev/null || exit 127
if [ -d "$c" ]; then for f in "$c"/*; do [ -f "$f" ] || continue; k=${f##*/}; export "$k=$(cat "$f")"; done; elif [ -n "$c" ]; then set -- --config "$c"; fi
echo @list; wal-g "$@" backup-list --detail --json || exit
echo; echo @wal; { e=$( { wal-g "$@" wal-show --detailed-json --without-backups >&3; } 2>&1 ); } 3>&1 && { echo; echo @listed; exit 0; }
echo; echo @complaint; printf '%s\n' "$e" | grep -v '^INFO' | grep . | tail -n 1"#;

/// The most segments that one timeline is taken to miss.
const MISSING: usize = 100_000;

#[derive(Deserialize)]
struct Listed {
    backup_name: String,
    wal_file_name: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    finish_time: Option<String>,
}

#[derive(Deserialize)]
struct Timeline {
    start_segment: String,
    end_segment: String,
    #[serde(default)]
    missing_segments: Option<Vec<String>>,
}

/// Reads what it answered.
pub(super) fn read(text: &str, size: u64) -> Result<Archived, String> {
    let list = part(text, "list").unwrap_or_default();
    // Without any it prints `null`, `[]` or nothing.
    let backups: Option<Vec<Listed>> = if list.is_empty() {
        None
    } else {
        serde_json::from_str(list).map_err(|error| format!("its list of backups: {error}"))?
    };
    let base = |it: Listed| {
        // A time that it does not know is the year 1.
        let time = |text: &Option<String>| {
            text.as_deref().and_then(Timestamp::parse_rfc3339).filter(|at| *at > Timestamp::default())
        };
        Some(Base {
            name: shorten(&clean(&it.backup_name), 80).into_owned(),
            // That of a delta tells which one it is over: base_…_D_….
            full: !it.backup_name.contains("_D_"),
            ended: time(&it.finish_time).or_else(|| time(&it.time))?,
            needs: Segment::parse(&it.wal_file_name, size),
            failed: None,
        })
    };
    let mut bases: Vec<Base> = backups.unwrap_or_default().into_iter().filter_map(base).collect();
    bases.sort_by_key(|it| it.ended);
    let listed = part(text, "listed").and_then(|_| part(text, "wal"));
    let read = |list| serde_json::from_str(list).map_err(|error| format!("its list of segments: {error}"));
    let timelines: Option<Option<Vec<Timeline>>> = listed.map(read).transpose()?;
    let wal = timelines.and_then(|all| segments(all.unwrap_or_default(), size));
    let complaint = part(text, "complaint").and_then(complaint);
    Ok(Archived { bases, wal, archiver: None, complaint })
}

/// The stretches of all timelines; `None` where one makes no sense.
fn segments(timelines: Vec<Timeline>, size: u64) -> Option<Vec<Stretch>> {
    let mut ends = Vec::new();
    for it in timelines {
        let (first, last) =
            (Segment::parse(&it.start_segment, size)?, Segment::parse(&it.end_segment, size)?);
        let missing = it.missing_segments.unwrap_or_default();
        let mut missing: Vec<Segment> =
            missing.iter().take(MISSING).map(|name| Segment::parse(name, size)).collect::<Option<_>>()?;
        missing.sort_unstable();
        let mut from = first;
        for gone in missing {
            if let Some(before) = gone.before().filter(|before| before.place >= from.place) {
                ends.push(Stretch { first: from, last: before });
            }
            from = gone.after();
        }
        if from.place <= last.place {
            ends.push(Stretch { first: from, last });
        }
    }
    Some(joined(ends))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::wal::USUAL;

    /// Written after the types of version 3.0.9; the lab has a stand-in alone.
    const TOLD: &str = r#"@list
[{"backup_name":"base_000000010000000000000004_D_000000010000000000000002","time":"2026-11-22T09:00:30Z","wal_file_name":"000000010000000000000004","start_time":"2026-11-22T09:00:00Z","finish_time":"2026-11-22T09:00:20.5Z","pg_version":170000,"start_lsn":1,"finish_lsn":2,"is_permanent":false},
{"backup_name":"base_000000010000000000000002","time":"2026-11-22T08:00:30Z","wal_file_name":"000000010000000000000002","storage_name":"default"}]

@wal
[{"id":1,"parent_id":0,"switch_point_lsn":0,"start_segment":"000000010000000000000001","end_segment":"000000010000000000000008","segments_count":6,"missing_segments":["000000010000000000000005","000000010000000000000006"],"segment_range_size":8,"status":"LOST_SEGMENTS"},{"id":2,"parent_id":1,"switch_point_lsn":1,"start_segment":"000000020000000000000009","end_segment":"00000002000000000000000A","segments_count":2,"missing_segments":[],"segment_range_size":2,"status":"OK"}]

@listed
"#;

    #[test]
    fn its_backups_and_segments_are_read() {
        let it = read(TOLD, USUAL).unwrap();
        assert_eq!(it.last_full().unwrap().name, "base_000000010000000000000002");
        assert_eq!(
            it.last_base().unwrap().ended,
            Timestamp::parse_rfc3339("2026-11-22T09:00:20.5Z").unwrap()
        );
        let ends: Vec<_> =
            it.wal.as_ref().unwrap().iter().map(|it| (it.first.place, it.last.place)).collect();
        assert_eq!(ends, [(1, 4), (7, 10)]);
        assert_eq!(it.gap().unwrap().0, 2);
    }

    #[test]
    fn nothing_is_read_out_of_nonsense() {
        assert_eq!(read("@list\nnull\n@wal\nnull\n@listed\n", USUAL).unwrap().wal, Some(Vec::new()));
        assert_eq!(read("@list\n\n@wal\n", USUAL).unwrap().wal, None);
        assert!(read("@list\nINFO: none", USUAL).is_err());
        let failed = read("@list\n[]\n\n@wal\n\n@complaint\nERROR: 2026/11/22 no answer\n", USUAL).unwrap();
        assert_eq!((failed.wal, failed.complaint.as_deref()), (None, Some("ERROR: 2026/11/22 no answer")));
        let timeless = TOLD.replace("2026-11-22T09:00:20.5Z", "0001-01-01T00:00:00Z");
        let it = read(&timeless, USUAL).unwrap();
        assert_eq!(it.last_base().unwrap().ended, Timestamp::parse_rfc3339("2026-11-22T09:00:30Z").unwrap());
        let odd = TOLD.replace("000000010000000000000008", "8");
        assert_eq!(read(&odd, USUAL).unwrap().wal, None);
    }
}
