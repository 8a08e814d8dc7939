//! Rehearsing a restore: the newest backup goes into a database of its own, is asked what it has to
//! answer, and goes again.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Refusal;
use super::backup::place;
use super::findings::Findings;
use super::numbering::Numbers;
use super::restore::{LONGEST, RENAMING, nothing, reached};
use super::restore_facts::{RestoreFacts, Stands};
use crate::domain::beside::{called, made_at, name, noun, standing};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::ids::AppId;
use crate::domain::only::Only;
use crate::domain::plan::{Act, Change, FORMAT, Lane, Operation, Plan, Stage, Step};
use crate::domain::setup::Guard;
use crate::domain::sql::Purpose;

/// How long asking may take.
const ASKING: Duration = Duration::from_secs(6 * 3600);

/// Plans it.
pub fn plan(spec: &DatastoreSpec, facts: &RestoreFacts, reason: Option<&str>) -> Result<Plan, Refusal> {
    let title = format!("drill {}", spec.id);
    let source = &spec.source;
    let server = reached(spec, facts)?;
    let stock = facts.stock.as_ref().map_err(|failure| Refusal::Senseless(failure.clone()))?;
    let Some(backup) = &facts.backup else { return Err(nothing(title, stock)) };
    let into = name(source, Purpose::Drill, facts.as_of);
    let left = left(source, server);
    let mut numbers = Numbers::default();
    let stage = |title: &str, steps: Vec<Step>, tidies| Stage {
        title: title.to_owned(),
        lanes: vec![Lane { server: spec.server.clone(), steps }],
        tidies,
        only_after: Vec::new(),
    };
    let load = Act::Load {
        datastore: spec.id.clone(),
        source: spec.source.clone(),
        repository: spec.repository.clone(),
        backup: backup.id.clone(),
        about: backup.bytes,
        into: into.clone(),
        from: None,
        only: Only::All,
    };
    let ask = Act::Assert {
        datastore: spec.id.clone(),
        source: spec.source.clone(),
        of: into.clone(),
        assertions: spec.assertions.clone(),
        amcheck: matches!(server, Stands::Server(it) if it.superuser && it.extensions.contains("amcheck")),
    };
    let drop =
        |databases| Act::DropDatabases { datastore: spec.id.clone(), source: spec.source.clone(), databases };
    let shown = rehearsed(source, &into);
    let all: Vec<String> = left.iter().cloned().chain([into.clone()]).collect();
    let dropped = all.iter().map(|name| rehearsed(source, name)).collect::<Vec<_>>().join(", ");
    let dropped = format!("drop {dropped}");
    let stages = vec![
        stage(
            "bring it back",
            vec![numbers.step(format!("bring backup {} back into {shown}", backup.short()), load, LONGEST)],
            false,
        ),
        stage("ask it", vec![numbers.step(format!("ask {shown} what it has to answer"), ask, ASKING)], false),
        stage("leave nothing", vec![numbers.step(dropped.clone(), drop(all.clone()), RENAMING)], true),
    ];
    let undo =
        vec![stage("leave nothing", vec![numbers.step(dropped.clone(), drop(all.clone()), RENAMING)], false)];
    let gone = |name: &String| Change {
        server: None,
        what: format!("{} {}", noun(source), rehearsed(source, name)),
        from: Some("left by a drill that was killed".to_owned()),
        to: None,
    };
    let mut findings = Findings::new(spec, reason.is_some());
    findings.lock(facts.lock.as_ref(), &place(spec), "nobody else works on it");
    findings.loading(facts, server, backup, true, false);
    if spec.assertions.is_empty() {
        findings.note("assertions", format!("none: [datastores.{}.drill] `assertions`", spec.id));
    }
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Drill,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: Guard::Confirm,
        title: format!(
            "rehearse restoring {} of {} of {} on {}",
            backup.short(),
            backup.at.rfc3339(),
            spec.source.describe(),
            spec.server
        ),
        as_of: facts.as_of,
        reason: reason.map(str::to_owned),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: left.iter().map(gone).collect(),
        findings: findings.all,
        interrupts: Vec::new(),
        leaves: None,
        stages,
        undo,
        undone_by: format!("{shown} is dropped, however it ends; {} is not touched", standing(source)),
    })
}

/// What drills left that were killed.
fn left(source: &Source, server: &Stands) -> Vec<String> {
    let ours = |name: &&String| made_at(name, source, Purpose::Drill).is_some();
    server.names().iter().filter(ours).cloned().collect()
}

/// What it is called: files are rehearsed in one folder of their own, and not beside what stands.
fn rehearsed(source: &Source, name: &str) -> String {
    match source {
        Source::Files { .. } => format!("the folder {name}"),
        _ => called(source, name),
    }
}
