//! Undoing a way back to a moment that took the place of what stood: the data directories change places again.

use std::collections::BTreeMap;

use super::Refusal;
use super::backup::place;
use super::facts::Held;
use super::findings::Findings;
use super::numbering::Numbers;
use super::rewind::stage;
use super::rewind_swap::{EXCHANGING, titled};
use crate::domain::datastore::DatastoreSpec;
use crate::domain::ids::AppId;
use crate::domain::plan::rewind::Does;
use crate::domain::plan::{Act, Change, Exchange, FORMAT, Operation, Plan, Rewind};
use crate::domain::quantity::Bytes;
use crate::domain::run::RunId;
use crate::domain::time::Timestamp;

/// What a run put in the place of what stood, by its plan; `None` where it is no such run.
pub fn exchanged(undone: &Plan) -> Option<(&Rewind, &Exchange)> {
    undone.steps().find_map(|(_, step)| match &step.act {
        Act::Rewind(it) => match &it.does {
            Does::Exchange(names) => Some((&**it, names)),
            _ => None,
        },
        _ => None,
    })
}

/// How the data directories stand, each by its number; `None` where there is none of that name.
#[derive(Clone, Debug, Default)]
pub struct SeatFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// Who holds the datastore's lock.
    pub lock: Option<Held>,
    /// What the server has its data in.
    pub data: Option<u64>,
    /// What stood before.
    pub aside: Option<u64>,
    /// What has the name that it was restored by.
    pub from: Option<u64>,
    /// How large what stood before is, where that could be read.
    pub bytes: Option<Bytes>,
}

/// Plans it.
pub fn undo(
    spec: &DatastoreSpec,
    (it, names): (&Rewind, &Exchange),
    facts: &SeatFacts,
    run: &RunId,
    reason: Option<&str>,
) -> Result<Plan, Refusal> {
    let mut findings = Findings::new(spec, reason.is_some());
    findings.lock(facts.lock.as_ref(), &place(spec), "nobody else works on it");
    let Exchange { from, aside, data, was, unit, .. } = names;
    if facts.aside == Some(*was) {
        findings.good("data", format!("{aside} stands there, which the run replaced"));
    } else {
        let found = format!("{aside}, which the run replaced, is not there");
        findings.refuse("data", found, "a backup of it was taken before: midwatch backups", false);
    }
    if facts.from.is_some() {
        let found = format!("{from} is there already: it was undone, or never swapped");
        findings.refuse("name", found, "see what stands there", false);
    }
    let Some(stands) = facts.data.filter(|stands| stands != was) else {
        let found = format!("{data} is not what the run put there");
        findings.refuse("data", found, "see what stands there", false);
        return Ok(planned(spec, it, names, facts, (run, reason), findings));
    };
    let back = Exchange {
        from: aside.clone(),
        aside: from.clone(),
        data: data.clone(),
        was: stands,
        unit: unit.clone(),
        removes: false,
    };
    Ok(planned(spec, it, &back, facts, (run, reason), findings))
}

fn planned(
    spec: &DatastoreSpec,
    it: &Rewind,
    names: &Exchange,
    facts: &SeatFacts,
    (run, reason): (&RunId, Option<&str>),
    findings: Findings<'_>,
) -> Plan {
    let mut numbers = Numbers::default();
    let act = |does| Act::Rewind(Box::new(Rewind { into: names.from.clone(), does, ..it.clone() }));
    let step = numbers.step(titled(names), act(Does::Exchange(names.clone())), EXCHANGING);
    let said = format!("{} as it was until now", names.data);
    let back = numbers.step(said, act(Does::Return(names.clone())), EXCHANGING);
    let size = facts.bytes.map(|it| format!(", {it}")).unwrap_or_default();
    Plan {
        format: FORMAT,
        operation: Operation::Undo,
        app: AppId::from(spec.id.as_str()),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("undo {run}: the server of {} on {} as it was before", spec.id, spec.server),
        as_of: facts.as_of,
        reason: reason.map(str::to_owned),
        places: BTreeMap::from([(spec.server.clone(), place(spec))]),
        changes: vec![Change {
            server: None,
            what: format!("data directory {}", names.data),
            from: Some("as restored, with what was written since".to_owned()),
            to: Some(format!("as it was before{size}")),
        }],
        findings: findings.all,
        interrupts: vec![
            "all databases of the server go back; who is connected is disconnected, and nobody can connect until it is started again".to_owned(),
        ],
        leaves: None,
        stages: vec![stage(spec, "swap", vec![step])],
        undo: vec![stage(spec, "put back", vec![back])],
        undone_by: format!("what was restored is kept as {}: midwatch undo of this run", names.aside),
    }
}
