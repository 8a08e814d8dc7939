//! Undoing a restore that took the place of what stood: the names go back.

use std::collections::BTreeMap;

use super::Refusal;
use super::backup::place;
use super::findings::Findings;
use super::numbering::Numbers;
use super::restore::{exchanging, interrupts, reached, swapping};
use super::restore_facts::RestoreFacts;
use crate::domain::beside::{called, noun, standing};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::AppId;
use crate::domain::plan::{Act, Change, FORMAT, Lane, Operation, Plan, Stage};
use crate::domain::run::RunId;

/// Plans it: `undone` is the plan of that run.
pub fn plan(
    spec: &DatastoreSpec,
    facts: &RestoreFacts,
    run: &RunId,
    undone: &Plan,
    reason: Option<&str>,
) -> Result<Plan, Refusal> {
    let title = format!("undo the run {run}");
    let swap = undone.stages.iter().flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps);
    let mut swap = swap.filter_map(|step| match &step.act {
        Act::Swap { source, from, aside, .. } => Some((source, from, aside.as_ref())),
        _ => None,
    });
    let Some((source, from, aside)) = swap.next_back() else {
        let why = format!("it put nothing in the place of what stood: {}", undone.title);
        let failure = Failure::new(FailureKind::Unsupported, title, why);
        return Err(Refusal::Senseless(failure.hint("an app's: midwatch rollback")));
    };
    let stood = standing(source);
    let Some(aside) = aside else {
        let failure = Failure::new(FailureKind::Unsupported, title, "nothing stood there before");
        let hint = format!("remove {stood}, where it is not wanted");
        return Err(Refusal::Senseless(failure.hint(hint)));
    };
    let server = reached(spec, facts)?;
    let mut findings = Findings::new(spec, reason.is_some());
    findings.lock(facts.lock.as_ref(), &place(spec), "nobody else works on it");
    let (old, new) = (called(source, aside), called(source, from));
    if server.names().contains(aside) {
        findings.good(noun(source), format!("{old} stands there, which the run replaced"));
    } else {
        let found = format!("{old}, which the run replaced, is not there");
        findings.refuse(noun(source), found, "a backup of it was taken before: midwatch backups", false);
    }
    if server.names().contains(from) {
        let found = format!("{new} is there already: it was undone, or never swapped");
        findings.refuse("name", found, "see what stands there", false);
    }
    if server.live().is_none() {
        findings.refuse(noun(source), format!("{stood} is not there"), "see what stands there", false);
    }
    findings.swapping(server);
    let mut numbers = Numbers::default();
    let stops = server.users().to_vec();
    let said = swapping(source, aside, Some(from), &stops);
    // What was aside takes the name, and what has it goes back to where it was restored.
    let act = Act::Swap {
        datastore: spec.id.clone(),
        source: source.clone(),
        from: aside.clone(),
        aside: Some(from.clone()),
        stops: stops.clone(),
    };
    let back = Act::Unswap {
        datastore: spec.id.clone(),
        source: source.clone(),
        from: aside.clone(),
        aside: Some(from.clone()),
        drops: false,
        stops,
    };
    let mut stage = |title: &str, said: String, act| Stage {
        title: title.to_owned(),
        lanes: vec![Lane {
            server: spec.server.clone(),
            steps: vec![numbers.step(said, act, exchanging(server))],
        }],
        tidies: false,
    };
    let stages = vec![stage("swap", said, act)];
    let undo = vec![stage("put back", format!("{stood} as it was until now"), back)];
    let change = |what: &str, from: &str, to: &str| Change {
        server: None,
        what: format!("{} {what}", noun(source)),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
    };
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Undo,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("undo {run}: {stood} on {} as it was before", spec.server),
        as_of: facts.as_of,
        reason: reason.map(str::to_owned),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: vec![change(&stood, "as restored, with what was written since", "as it was before")],
        interrupts: interrupts(source, server, true),
        findings: findings.all,
        leaves: None,
        stages,
        undo,
        undone_by: format!("what was restored is kept as {new}: midwatch undo of this run"),
    })
}
