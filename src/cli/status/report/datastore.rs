//! A datastore of the report.

use serde::Serialize;

use crate::domain::archive::{Archived, Tool};
use crate::domain::drill::Drilled;
use crate::domain::schedule::Scheduled;
use crate::domain::setup::DatastoreSetup;
use crate::domain::time::Timestamp;
use crate::state::State;

/// One datastore.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Datastore {
    name: String,
    kind: String,
    server: String,
    health: &'static str,
    reason: String,
    /// `null` where there is none, or none is known.
    last_backup_at: Option<String>,
    last_backup_bytes: Option<u64>,
    rpo_s: u64,
    /// What would be lost now: how old its last backup is, or how much of its log is not archived.
    measured_rpo_s: Option<u64>,
    rto_s: u64,
    /// How long it took to bring it back, where that was tried.
    measured_rto_s: Option<u64>,
    last_drill_at: Option<String>,
    last_drill_ok: Option<bool>,
    /// When its repository was last looked through, by this console's journal.
    repository_checked_at: Option<String>,
    repository_checked_ok: Option<bool>,
    /// What keeps its write-ahead log; `null` where nothing does.
    archive: Option<Archive>,
    /// The timers that back it up, or rehearse restoring it.
    schedules: Vec<Schedule>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Schedule {
    chore: &'static str,
    server: String,
    last_run_at: Option<String>,
    last_result: String,
    next_run_at: Option<String>,
}

/// The archive of a write-ahead log.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Archive {
    tool: &'static str,
    last_full_at: Option<String>,
    last_wal: Option<String>,
    /// The first and the last moment that can be restored; `null` where that is not known.
    restorable_from: Option<String>,
    restorable_to: Option<String>,
    /// How many segments are missing since the newest base backup.
    missing: u64,
}

/// All of them, by name.
pub(super) fn of(state: &State) -> Vec<Datastore> {
    state.fleet.datastores().all().map(|it| one(state, it)).collect()
}

fn one(state: &State, it: &DatastoreSetup) -> Datastore {
    let datastores = state.fleet.datastores();
    let verdict = datastores.verdict(it, state.now);
    let last = datastores.backups(it).first();
    let (loses, most) = datastores.rpo(it, state.now);
    let (drill, check) = (datastores.drill(it), datastores.check(it));
    Datastore {
        name: it.id.to_string(),
        kind: it.kind.clone(),
        server: it.server.to_string(),
        health: verdict.health.word(),
        reason: verdict.reason,
        last_backup_at: last.map(|last| last.at.rfc3339()),
        last_backup_bytes: last.map(|last| last.bytes.0),
        rpo_s: most.as_secs(),
        measured_rpo_s: loses.map(|loses| loses.as_secs()),
        rto_s: it.rto.as_secs(),
        measured_rto_s: drill.and_then(Drilled::restored_in_seconds),
        last_drill_at: drill.map(|drill| drill.at.rfc3339()),
        last_drill_ok: drill.map(|drill| drill.failed.is_none()),
        repository_checked_at: check.map(|it| it.at.rfc3339()),
        repository_checked_ok: check.map(|it| it.failed.is_none()),
        archive: it.archive.as_ref().map(|of| archive(of.tool, datastores.archive(it))),
        schedules: datastores.schedules(it).map(schedule).collect(),
    }
}

fn archive(tool: Tool, it: Option<&Archived>) -> Archive {
    let moments = it.and_then(Archived::moments);
    Archive {
        tool: tool.name(),
        last_full_at: it.and_then(Archived::last_full).map(|base| base.ended.rfc3339()),
        last_wal: it.and_then(Archived::last_wal).map(|it| it.to_string()),
        restorable_from: moments.map(|it| it.from.rfc3339()),
        restorable_to: moments.and_then(|it| it.to).map(Timestamp::rfc3339),
        missing: it.and_then(Archived::gap).map_or(0, |(missing, _)| missing),
    }
}

fn schedule(it: &Scheduled) -> Schedule {
    Schedule {
        chore: it.chore.word(),
        server: it.server.to_string(),
        last_run_at: it.last.map(Timestamp::rfc3339),
        last_result: it.result.clone(),
        next_run_at: it.next.map(Timestamp::rfc3339),
    }
}

impl Datastore {
    /// Name, health, reason.
    pub fn head(&self) -> (&str, &str, &str) {
        (&self.name, self.health, &self.reason)
    }
}
