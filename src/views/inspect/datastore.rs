//! All that is known of a datastore: its health, what it is, and its backups.

use super::{Facts, fact, failed, when};
use crate::domain::backup::Backup;
use crate::domain::file_list::FileKind;
use crate::domain::ids::{BackupId, DatastoreId};
use crate::domain::schedule::Scheduled;
use crate::domain::setup::{ArchiveSetup, DatastoreSetup};
use crate::domain::time::{Age, Timestamp};
use crate::state::State;
use crate::state::page::Page;

/// How many of its backups are listed.
const LISTED: usize = 50;

/// Label and value, in order.
pub(super) fn facts(state: &State, id: &DatastoreId) -> Facts {
    let datastores = state.fleet.datastores();
    let Some(it) = datastores.get(id) else { return Facts::new() };
    let verdict = datastores.verdict(it, state.now);
    let (read_at, failure) = datastores.read_at(it);
    let backups = datastores.backups(it);
    let age = backups.first().map_or_else(|| "-".to_owned(), |last| Age(last.at.age(state.now)).to_string());
    let mut facts = vec![
        fact("health", verdict.health.word()),
        fact("reason", verdict.reason),
        fact("kind", &it.kind),
        fact("what", &it.what),
        fact("server", it.server.as_str()),
        fact("repository", it.repository.as_str()),
        fact("last backup", format!("{age} old, of at most {} (rpo)", Age(it.rpo))),
        fact("last drill", drill(state, it)),
    ];
    facts.extend(archive(state, it).into_iter().map(|(label, told)| fact(label, told)));
    facts.extend([fact("checked", checked(state, it)), fact("read", when(read_at, state.now))]);
    facts.extend(datastores.schedules(it).map(|it| fact("schedule", schedule(state, it))));
    facts.extend(failure.into_iter().flat_map(|failure| failed("not read", failure)));
    facts.extend(backups.iter().take(LISTED).map(|it| (it.short().to_owned(), line(state, it))));
    if backups.len() > LISTED {
        facts.push(fact("", format!("and {} older: midwatch backups {id}", backups.len() - LISTED)));
    }
    facts
}

/// All that is known of one of its backups.
pub(super) fn backup(state: &State, id: &DatastoreId, backup: &BackupId) -> Facts {
    let datastores = state.fleet.datastores();
    let Some(it) = datastores.get(id) else { return Facts::new() };
    let all = datastores.backups(it);
    let Some(backup) = all.iter().find(|one| one.id == backup.as_str()) else { return Facts::new() };
    let why = it.keeping.map(|keeping| keeping.why(all, &backup.id, state.now));
    let kept = match why {
        None => "not known here".to_owned(),
        Some(why) if why.is_empty() => "by nothing any longer".to_owned(),
        Some(why) => why.join(", "),
    };
    let mut facts = vec![
        fact("id", &backup.id),
        fact("taken", when(Some(backup.at), state.now)),
        fact("took", format!("{:.1} s", backup.took.as_secs_f64())),
        fact("size", backup.bytes.to_string()),
        fact("stored", backup.stored.to_string()),
        fact("server", backup.server.as_str()),
        fact("by", &backup.by),
        fact("kept", kept),
    ];
    let more =
        [("why", &backup.reason), ("release", &backup.release), ("run", &backup.run), ("set", &backup.set)];
    facts.extend(more.into_iter().filter_map(|(label, it)| Some(fact(label, it.as_ref()?))));
    facts
}

/// All that is known of a file of a backup.
pub(super) fn file(state: &State, path: &str) -> Facts {
    let found = state.found.selected().filter(|_| matches!(state.nav.page(), Page::Found(_)));
    let listed = state.files.rows.iter().find(|row| row.path == path);
    let (kind, bytes, at) = match (found, listed) {
        (Some(it), _) => (&it.file.kind, it.file.bytes, it.file.at),
        (None, Some(it)) => (&it.kind, it.bytes, it.at),
        (None, None) => return Facts::new(),
    };
    let kind = match kind {
        FileKind::File => "file".to_owned(),
        FileKind::Folder => "folder".to_owned(),
        FileKind::Link(to) => format!("link to {to}"),
        FileKind::Other => "device, pipe or socket".to_owned(),
    };
    let mut facts = vec![
        fact("path", path),
        fact("kind", kind),
        fact("size", format!("{bytes} ({} bytes)", bytes.0)),
        fact("written", when(at, state.now)),
    ];
    facts.extend(found.map(|it| fact("backup", format!("{} of {}", it.backup, it.taken.rfc3339()))));
    facts
}

/// What a timer does for it, and when.
pub(in crate::views) fn schedule(state: &State, it: &Scheduled) -> String {
    let last = match (it.running, it.last) {
        (true, _) => "runs now".to_owned(),
        (false, None) => "never ran".to_owned(),
        (false, Some(_)) => format!("last {}: {}", when(it.last, state.now), it.result),
    };
    let next = it.next.map_or_else(|| "no next run".to_owned(), |next| format!("next {}", next.rfc3339()));
    format!("{} on {}, {last}, {next}", it.chore.word(), it.server)
}

/// How the archive of its write-ahead log stands; nothing where none is configured.
pub(in crate::views) fn archive(state: &State, datastore: &DatastoreSetup) -> Vec<(&'static str, String)> {
    let Some(ArchiveSetup { tool, .. }) = &datastore.archive else { return Vec::new() };
    let datastores = state.fleet.datastores();
    let Some(it) = datastores.archive(datastore) else {
        return vec![("archive", format!("{}: not asked yet", tool.name()))];
    };
    let full = it.last_full().map_or_else(
        || "no full backup".to_owned(),
        |base| format!("full backup {} ago", Age(base.ended.age(state.now))),
    );
    let segment = it.last_wal().map_or_else(|| "no segment".to_owned(), |it| format!("last segment {it}"));
    let (lost, most) = datastores.rpo(datastore, state.now);
    let lost = lost.map_or_else(
        || format!("what is lost now is not known, of at most {} (rpo)", Age(most)),
        |lost| format!("{} lost now at most, of {} (rpo)", Age(lost), Age(most)),
    );
    let moments = it.moments().map_or_else(
        || "to no moment that is known".to_owned(),
        |it| {
            let to = it.to.map_or_else(|| "the last segment".to_owned(), Timestamp::minute);
            format!("{} to {to} utc", it.from.minute())
        },
    );
    vec![
        ("archive", format!("{}: {full}, {segment}", tool.name())),
        ("restorable", format!("{moments}; {lost}")),
    ]
}

/// How its repository stood when it was last looked through.
pub(in crate::views) fn checked(state: &State, datastore: &DatastoreSetup) -> String {
    let Some(it) = state.fleet.datastores().check(datastore) else {
        return format!("not known to this console: midwatch repo check {}", datastore.repository);
    };
    let how = if it.failed.is_some() { "damaged" } else { "no damage" };
    let whole = if it.read_data { ", all data read" } else { "" };
    format!("{how}{whole}, {}", when(Some(it.at), state.now))
}

/// How the last rehearsed restore went.
pub(in crate::views) fn drill(state: &State, datastore: &DatastoreSetup) -> String {
    let Some(it) = state.fleet.datastores().drill(datastore) else {
        return format!("none known to this console: midwatch drill {}", datastore.id);
    };
    let how = if it.failed.is_some() { "failed" } else { "went well" };
    let took = it.restored_in_seconds().map(|took| format!(", back in {took} s")).unwrap_or_default();
    format!("{how}{took}, of at most {} (rto), {}", Age(datastore.rto), when(Some(it.at), state.now))
}

fn line(state: &State, it: &Backup) -> String {
    let why = it.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let release = it.release.as_ref().map(|release| format!(", {release}")).unwrap_or_default();
    let (size, stored) = (it.bytes.to_string(), it.stored.to_string());
    format!("{}  {size:>5}  {stored:>5} stored  {}{release}{why}", when(Some(it.at), state.now), it.by)
}
