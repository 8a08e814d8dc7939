//! `midwatch backups`: what the repositories hold.

mod files;

use std::collections::BTreeMap;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::args::Args;
use super::operate::Desk;
use super::{Exit, context, print};
use crate::domain::backup::{Backup, verdict};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::drill::Drilled;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{DatastoreId, RepositoryId, ServerId};
use crate::domain::repository::Checked;
use crate::domain::time::{Age, Timestamp};
use crate::history::journal::{checked, drills};
use crate::runtime::deploying;

/// The arguments.
#[derive(Clone, Debug, ClapArgs)]
pub struct BackupsArgs {
    /// The datastores; all where none is named
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// List the files of one backup of NAME, by the first digits of its id; of a folder alone where one is named
    #[arg(long, num_args = 1..=2, value_names = ["ID", "PATH"])]
    pub files: Vec<String>,

    /// Look for files in all backups of NAME: by a part of the path, or a pattern with * and ?
    #[arg(long, value_name = "PATTERN", conflicts_with = "files")]
    pub find: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report {
    at: String,
    datastores: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: DatastoreId,
    kind: &'static str,
    server: ServerId,
    repository: RepositoryId,
    health: Health,
    reason: String,
    rpo_s: u64,
    rto_s: u64,
    /// How old the last backup is.
    measured_rpo_s: Option<u64>,
    /// How long the last drill took until the backup was back.
    measured_rto_s: Option<u64>,
    /// When the last drill ended, by this console's journal.
    last_drill_at: Option<String>,
    last_drill_ok: Option<bool>,
    /// When its repository was last looked through, by this console's journal.
    repository_checked_at: Option<String>,
    repository_checked_ok: Option<bool>,
    /// Newest first; empty where they could not be read.
    backups: Vec<Backup>,
    failure: Option<Failure>,
}

/// Lists them, newest first. 1 where a datastore is not backed up as it should be.
pub fn run(args: &Args, backups: &BackupsArgs) -> Result<Exit, Failure> {
    let context = context::load(args)?;
    let config = &context.config;
    let names: Vec<DatastoreId> = if backups.names.is_empty() {
        config.datastores.keys().cloned().collect()
    } else {
        backups.names.iter().map(|name| DatastoreId::from(name.as_str())).collect()
    };
    let specs: Vec<DatastoreSpec> =
        names.iter().map(|name| deploying::datastore(config, name)).collect::<Result<_, _>>()?;
    if backups.find.is_some() || !backups.files.is_empty() {
        let [spec] = specs.as_slice() else {
            let failure =
                Failure::new(FailureKind::Invalid, "look into backups", "they are of one datastore");
            return Err(failure.hint("name it: midwatch backups NAME --files ID"));
        };
        let desk = Desk::prepare(args, context)?;
        return match (&backups.find, backups.files.as_slice()) {
            (Some(typed), _) => files::find(&desk, spec, typed, backups.json),
            (None, [id, under @ ..]) => {
                let under = under.first().map_or("", String::as_str);
                files::list(&desk, spec, id, under, backups.json)
            }
            (None, []) => Ok(Exit::Usage),
        };
    }
    let desk = Desk::prepare(args, context)?;
    let now = desk.headless.now();
    let journal = deploying::journal(&desk.context.config)?.entries();
    let journal = journal.map_err(|error| error.into_failure("read the journal"))?;
    let known = Known { drills: drills(&journal), checks: checked(&journal) };
    let report = Report { at: now.rfc3339(), datastores: listed(&desk, &specs, &known, now) };
    if backups.json {
        // It holds strings and numbers only.
        print(&serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        print(&text(&report, now));
    }
    let failed = report.datastores.iter().find_map(|it| it.failure.as_ref());
    let well = report.datastores.iter().all(|it| it.health == Health::Up);
    Ok(failed.map_or(if well { Exit::Well } else { Exit::Problem }, Exit::of))
}

/// What this console's journal knows.
struct Known {
    drills: BTreeMap<DatastoreId, Drilled>,
    checks: BTreeMap<RepositoryId, Checked>,
}

fn listed(desk: &Desk, specs: &[DatastoreSpec], known: &Known, now: Timestamp) -> Vec<Listed> {
    let mut read: BTreeMap<&RepositoryId, Result<Vec<Backup>, Failure>> = BTreeMap::new();
    for spec in specs {
        read.entry(&spec.repository).or_insert_with(|| {
            let vault = desk.engines.vaults.repository(&spec.repository)?;
            let what = format!("read the repository {}", spec.repository);
            desk.headless.tasks.block_on(vault.backups()).map_err(|error| error.into_failure(&what))
        });
    }
    specs
        .iter()
        .map(|spec| {
            let (backups, failure) = match read.get(&spec.repository) {
                Some(Ok(all)) => {
                    let of = all.iter().rev().filter(|it| it.datastore == spec.id);
                    (of.cloned().collect::<Vec<_>>(), None)
                }
                Some(Err(failure)) => (Vec::new(), Some(failure.clone())),
                None => (Vec::new(), None),
            };
            let Verdict { health, reason } = failure.as_ref().map_or_else(
                || verdict(&backups, spec.rpo, now),
                |failure| Verdict { health: Health::Unknown, reason: failure.reason() },
            );
            let (drill, check) = (known.drills.get(&spec.id), known.checks.get(&spec.repository));
            let Verdict { health, reason } = Verdict::worst(
                [Verdict { health, reason }]
                    .into_iter()
                    .chain(drill.map(|it| it.verdict(spec.rto)))
                    .chain(check.map(Checked::verdict)),
            );
            Listed {
                name: spec.id.clone(),
                kind: spec.source.kind(),
                server: spec.server.clone(),
                repository: spec.repository.clone(),
                health,
                reason,
                rpo_s: spec.rpo.as_secs(),
                rto_s: spec.rto.as_secs(),
                measured_rpo_s: backups.first().map(|it| it.at.age(now).as_secs()),
                measured_rto_s: drill.and_then(Drilled::restored_in_seconds),
                last_drill_at: drill.map(|it| it.at.rfc3339()),
                last_drill_ok: drill.map(|it| it.failed.is_none()),
                repository_checked_at: check.map(|it| it.at.rfc3339()),
                repository_checked_ok: check.map(|it| it.failed.is_none()),
                backups,
                failure,
            }
        })
        .collect()
}

fn text(report: &Report, now: Timestamp) -> String {
    let mut out = Vec::new();
    for it in &report.datastores {
        let reason = if it.reason.is_empty() { String::new() } else { format!(": {}", it.reason) };
        out.push(format!(
            "{}  {} on {} in {}  {}{reason}",
            it.name, it.kind, it.server, it.repository, it.health
        ));
        if let Some(hint) = it.failure.as_ref().and_then(|failure| failure.hint.as_ref()) {
            out.push(format!("  {hint}"));
        }
        if let (Some(at), Some(well)) = (&it.last_drill_at, it.last_drill_ok) {
            let how = if well { "well" } else { "failed" };
            let took = it.measured_rto_s.map(|took| format!(", back in {took} s")).unwrap_or_default();
            out.push(format!("  drilled {at}: {how}{took}"));
        }
        if let (Some(at), Some(well)) = (&it.repository_checked_at, it.repository_checked_ok) {
            out.push(format!("  repository checked {at}: {}", if well { "no damage" } else { "damaged" }));
        }
        for backup in &it.backups {
            let because = backup.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            out.push(format!(
                "  {}  {}  {:>4} old  {:>5}  {:>5} stored  {}{because}",
                backup.short(),
                backup.at.rfc3339(),
                Age(backup.at.age(now)).to_string(),
                backup.bytes.to_string(),
                backup.stored.to_string(),
                backup.by,
            ));
        }
    }
    if report.datastores.is_empty() {
        out.push("no datastores are configured".to_owned());
    }
    out.join("\n")
}
