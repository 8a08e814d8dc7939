//! Undoing a restore of all that an app has: every datastore as it stood, and the release that stood with them.

use super::Refusal;
use super::numbering::Numbers;
use super::repository::finding;
use super::set_swap::{Exchange, SetFacts, Whole, guard, in_ledger, interrupts, of_part, places};
use super::undo::{Returned, unsupported};
use crate::domain::datastore::{DatastoreSpec, Source};
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::plan::act::Carried;
use crate::domain::plan::{Act, Change, FORMAT, Finding, Judgement, Operation, Plan};
use crate::domain::run::RunId;

/// What a plan put in the place of what stood.
pub struct Exchanged<'a> {
    /// Of which datastore.
    pub datastore: &'a DatastoreId,
    /// How it is reached.
    pub source: &'a Source,
    /// What took the place.
    pub from: &'a str,
    /// What is kept of what stood.
    pub aside: Option<&'a str>,
}

/// All that a plan exchanged, in its order.
pub fn exchanged(plan: &Plan) -> impl Iterator<Item = Exchanged<'_>> {
    let lanes = plan.stages.iter().flat_map(|stage| &stage.lanes);
    lanes.flat_map(|lane| &lane.steps).filter_map(|step| match &step.act {
        Act::Swap { datastore, source, from, aside, .. } => {
            Some(Exchanged { datastore, source, from, aside: aside.as_deref() })
        }
        _ => None,
    })
}

/// Plans it: `undone` is the plan of that run, and the facts are of the datastores that it exchanged.
pub fn plan(
    app: &AppSpec,
    facts: &SetFacts,
    run: &RunId,
    undone: &Plan,
    reason: Option<&str>,
) -> Result<Plan, Refusal> {
    let title = format!("undo the run {run}");
    let to = undone.leaves;
    if let Some(to) = to {
        in_ledger(app, &facts.app, to)?;
    }
    let whole = Whole::of(app, facts, to, carried(undone), reason)?;
    let mut numbers = Numbers::default();
    let (mut exchanges, mut changed) = (Vec::new(), Vec::new());
    let (mut looked, mut stopped) = (whole.findings.clone(), whole.interrupts());
    let mut returned = Vec::new();
    for it in exchanged(undone) {
        if it.aside.is_none() {
            looked.push(stays(it.datastore));
            continue;
        }
        let Some((spec, facts)) = facts.parts.iter().find(|(spec, _)| spec.id == *it.datastore) else {
            let why = format!("the configuration has no datastore {} any more", it.datastore);
            return Err(Refusal::Senseless(Failure::new(FailureKind::NotFound, title, why)));
        };
        let mut part = Returned::of(spec, facts, it.source, it.from, it.aside, &title)?;
        part.stops = whole.others(&spec.server, part.server.users());
        looked.extend(of_part(spec, part.findings(facts.lock.as_ref(), reason.is_some())));
        stopped.extend(interrupts(spec, part.server, &part.stops));
        changed.push(Change { server: Some(spec.server.clone()), ..part.change() });
        exchanges.push(Exchange {
            server: spec.server.clone(),
            swap: part.swap(&mut numbers),
            back: part.back(&mut numbers),
        });
        returned.push(spec.id.as_str());
    }
    if exchanges.is_empty() {
        return Err(unsupported(title, undone));
    }
    let leaves = whole.back.as_ref().and_then(|it| it.leaves);
    changed.extend(whole.changes(to));
    let (stages, undo) = whole.around(Vec::new(), exchanges, Vec::new());
    let specs = || facts.parts.iter().map(|(spec, _): &(DatastoreSpec, _)| spec);
    let names: Vec<&str> = specs().map(|it| it.id.as_str()).filter(|id| returned.contains(id)).collect();
    let release = to.map(|to| format!(", and release {to}")).unwrap_or_default();
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Undo,
        app: app.id.clone(),
        environment: app.environment.clone(),
        guard: guard(app, specs()),
        title: format!("undo {run}: {} of {} as before{release}", names.join(", "), app.id),
        as_of: facts.as_of,
        reason: reason.map(str::to_owned),
        places: places(app, specs()),
        changes: changed,
        findings: looked,
        interrupts: stopped,
        leaves,
        stages,
        undo,
        undone_by: "what was restored is kept beside: midwatch undo of this run".to_owned(),
    })
}

/// Of a datastore in whose place nothing stood.
fn stays(id: &DatastoreId) -> Finding {
    let found = format!("{id}: nothing stood there before that run; what it brought stays");
    finding("way back", Judgement::Noted, found, None)
}

/// The migrations that went with the data, the other way round.
fn carried(undone: &Plan) -> Vec<Carried> {
    let mut all: Vec<Carried> = Vec::new();
    for step in undone.stages.iter().flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps) {
        let Act::Point { carried, .. } = &step.act else { continue };
        for it in carried {
            let back = Carried { taken_back: !it.taken_back, ..it.clone() };
            if !all.contains(&back) {
                all.push(back);
            }
        }
    }
    all
}
