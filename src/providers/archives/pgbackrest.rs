//! pgBackRest: its `info` as JSON (<https://pgbackrest.org/command.html#command-info>), and the names of the
//! segments in its repository.

use serde::Deserialize;

use super::{complaint, names, part};
use crate::domain::archive::{Archived, Base};
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;
use crate::domain::wal::{Segment, stretches};

/// `$1` the stanza, `$2` the configuration file or nothing.
pub(super) const SCRIPT: &str = r#"export LC_ALL=C TZ=UTC; [ -n "$2" ] && export PGBACKREST_CONFIG="$2"
cd / 2>/dev/null; command -v pgbackrest >/dev/null || exit 127
echo @info; pgbackrest --log-level-console=off --stanza="$1" --output=json info || exit
echo; echo @wal; pgbackrest --log-level-console=off --recurse repo-ls "archive/$1" 2>/dev/null && { echo; echo @listed; }
exit 0"#;

#[derive(Deserialize)]
struct Stanza {
    name: String,
    #[serde(default)]
    backup: Vec<Backup>,
    #[serde(default)]
    archive: Vec<Held>,
    status: Status,
}

#[derive(Deserialize)]
struct Held {
    id: String,
}

#[derive(Deserialize)]
struct Status {
    code: i64,
    message: String,
}

#[derive(Deserialize)]
struct Backup {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    error: Option<bool>,
    timestamp: Times,
    archive: Needs,
}

#[derive(Deserialize)]
struct Times {
    stop: i64,
}

#[derive(Deserialize)]
struct Needs {
    start: Option<String>,
}

/// Reads what it answered of a stanza.
pub(super) fn read(text: &str, name: &str, size: u64) -> Result<Archived, String> {
    let info = part(text, "info").unwrap_or_default();
    let all: Vec<Stanza> = serde_json::from_str(info).map_err(|error| format!("its info: {error}"))?;
    let Some(stanza) = all.into_iter().find(|it| it.name == name) else {
        return Ok(Archived { complaint: Some(format!("it has no stanza {name:?}")), ..Archived::default() });
    };
    let base = |it: Backup| Base {
        name: shorten(&clean(&it.label), 80).into_owned(),
        full: it.kind == "full",
        ended: Timestamp::from_secs(it.timestamp.stop),
        needs: it.archive.start.and_then(|start| Segment::parse(&start, size)),
        failed: it.error.unwrap_or(false).then(|| "pages with wrong checksums were found".to_owned()),
    };
    let mut bases: Vec<Base> = stanza.backup.into_iter().map(base).collect();
    bases.sort_by_key(|it| it.ended);
    // A list that ended before its end is none.
    let listed = part(text, "listed").is_some().then(|| part(text, "wal").unwrap_or_default());
    // After an upgrade of the server the log begins anew, in a folder of its own: `17-2`.
    let folder = stanza.archive.last().map(|it| format!("{}/", it.id)).unwrap_or_default();
    let wal = listed.map(|list| {
        let own = list.lines().filter(|line| line.starts_with(&folder));
        stretches(own.flat_map(names).filter_map(|it| Segment::parse(it, size)).collect())
    });
    let said = (stanza.status.code != 0).then_some(stanza.status.message);
    Ok(Archived { bases, wal, archiver: None, complaint: said.and_then(|it| complaint(&it)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::wal::USUAL;

    /// What version 2.55 wrote, of a stanza with one backup and three segments.
    const TOLD: &str = r#"@info
[{"archive":[{"database":{"id":1,"repo-key":1},"id":"17-1","max":"000000010000000000000003","min":"000000010000000000000001"}],"backup":[{"archive":{"start":"000000010000000000000002","stop":"000000010000000000000002"},"backrest":{"format":5,"version":"2.55.1"},"database":{"id":1,"repo-key":1},"error":false,"info":{"delta":23161246,"repository":{"delta":2983646,"size":2983646},"size":23161246},"label":"20261122-075812F","lsn":{"start":"0/2000028","stop":"0/2000120"},"prior":null,"reference":null,"timestamp":{"start":1795334292,"stop":1795334296},"type":"full"}],"cipher":"none","db":[{"id":1,"repo-key":1,"system-id":1,"version":"17"}],"name":"main","repo":[{"cipher":"none","key":1,"status":{"code":0,"message":"ok"}}],"status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]
@wal
16-1/0000000100000000/000000010000000000000090-3b9d5c67ba460d6c15389b2efe0331849d392b22.gz
17-1
17-1/0000000100000000
17-1/0000000100000000/000000010000000000000001-3b9d5c67ba460d6c15389b2efe0331849d392b22.gz
17-1/0000000100000000/000000010000000000000002-cc3c7fc7f998eee5264d24bc97c395a7db4490eb.gz
17-1/0000000100000000/000000010000000000000002.00000028.backup
17-1/0000000100000000/000000010000000000000003-32dd309b949000d16fe0da67cefaa291676b11a8.gz
archive.info

@listed
"#;

    #[test]
    fn its_backups_and_segments_are_read() {
        let it = read(TOLD, "main", USUAL).unwrap();
        let full = it.last_full().unwrap();
        assert_eq!(
            (full.name.as_str(), full.ended),
            ("20261122-075812F", Timestamp::from_secs(1_795_334_296))
        );
        assert_eq!(full.needs.unwrap().place, 2);
        assert_eq!(it.last_wal().unwrap().to_string(), "000000010000000000000003");
        assert_eq!(it.wal.as_ref().unwrap().len(), 1, "that of the server before the upgrade is none of it");
        assert_eq!((it.gap(), it.complaint), (None, None));
        // A list that was cut off says nothing of what is missing.
        let cut = TOLD.replace("@listed", "");
        assert_eq!(read(&cut, "main", USUAL).unwrap().wal, None);
    }

    #[test]
    fn a_stanza_that_is_not_there_is_said_and_so_is_nonsense() {
        let none = r#"@info
[{"archive":[],"backup":[],"cipher":"none","db":[],"name":"main","repo":[],"status":{"code":1,"message":"missing stanza path"}}]"#;
        let it = read(none, "main", USUAL).unwrap();
        assert_eq!((it.bases.len(), it.complaint.as_deref()), (0, Some("missing stanza path")));
        assert!(read("@info\n[]", "main", USUAL).unwrap().complaint.unwrap().contains("no stanza"));
        assert!(read("@info\nERROR", "main", USUAL).is_err());
        assert!(read("", "main", USUAL).is_err());
    }
}
