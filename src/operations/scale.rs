//! Another number of containers of a service, on each server. The number is kept on the server, so that
//! the deploys after keep it too.
//!
//! Where the proxy's file tells where requests go, it is told of new containers once they are good, and of
//! those that go before they do.

mod one;

use std::collections::BTreeMap;

use super::Refusal;
use super::facts::AppFacts;
use super::numbering::Numbers;
use super::preflight::{self, Subject};
use super::selection::{chosen, known, place};
use super::telling::merged;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::{FORMAT, Lane, Operation, Plan, Stage, Step};
use one::One;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// How many containers, by service.
    pub services: BTreeMap<String, u16>,
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Why.
    pub reason: Option<String>,
}

/// Reads `web=3`, or several with spaces or commas between them.
pub fn read(text: &str) -> Result<BTreeMap<String, u16>, String> {
    let parts = text.split([' ', ',']).filter(|it| !it.is_empty());
    let pair = |part: &str| {
        let (service, number) =
            part.split_once('=').filter(|(service, _)| !service.is_empty()).ok_or("say SERVICE=NUMBER")?;
        let number = number.parse().map_err(|_| format!("{number} is no number of containers"))?;
        Ok::<_, String>((service.to_owned(), number))
    };
    let read: BTreeMap<String, u16> = parts.map(pair).collect::<Result<_, _>>()?;
    if read.is_empty() { Err("say SERVICE=NUMBER".to_owned()) } else { Ok(read) }
}

/// Plans it: server by server, and no further after a failure.
pub fn plan(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let servers = chosen(spec, &ask.servers)?;
    let known = known(facts, &servers)?;
    let told: Vec<String> = ask.services.iter().map(|(service, n)| format!("{service}={n}")).collect();
    if told.is_empty() {
        let what = format!("scale {}", spec.id);
        return Err(Refusal::Senseless(Failure::new(FailureKind::Invalid, what, "no service is named")));
    }
    let mut numbers = Numbers::default();
    let (mut findings, mut changes, mut interrupts) = (Vec::new(), Vec::new(), Vec::new());
    let mut work: Vec<(ServerId, Vec<One>)> = Vec::new();
    for (server, facts) in &known {
        let subject = Subject {
            spec,
            operation: Operation::Scale,
            server,
            place: place(spec, server)?,
            facts,
            only: &[],
        };
        findings.extend(preflight::findings(&subject, ask.reason.is_some()));
        let mut all = Vec::new();
        for (service, n) in &ask.services {
            let found = preflight::scale::asked(&subject, service, *n);
            findings.extend(preflight::weighed(found, ask.reason.is_some()));
            let Some(one) = One::of(spec, subject.place, facts, service, *n) else { continue };
            changes.extend(one.change(server));
            interrupts.extend(one.interrupts(server));
            all.push(one);
        }
        work.push((server.clone(), all));
    }
    let mut stages = Vec::new();
    for (server, all) in &work {
        let steps = all.iter().flat_map(|one| one.steps(&mut numbers, spec)).collect();
        stages.push(stage(format!("scale on {server}"), vec![(server, steps)], false));
    }
    let tidy = work.iter().map(|(server, all)| {
        (server, all.iter().flat_map(|one| one.tidy(&mut numbers)).collect::<Vec<Step>>())
    });
    let tidy = tidy.collect();
    stages.push(stage("tidy up".to_owned(), tidy, true));
    stages.retain(|stage| !stage.lanes.is_empty());
    let undo = work.iter().map(|(server, all)| {
        (server, all.iter().flat_map(|one| one.back(&mut numbers, spec)).collect::<Vec<Step>>())
    });
    let undo = undo.collect();
    let undo = stage("put back".to_owned(), undo, false);
    let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Scale,
        app: spec.id.clone(),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("scale {} to {} on {}", spec.id, told.join(", "), names.join(", ")),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: servers.iter().filter_map(|it| Some((it.clone(), spec.places.get(it)?.clone()))).collect(),
        changes: merged(&changes, known.len()),
        findings,
        interrupts,
        leaves: None,
        stages,
        undo: vec![undo],
        undone_by: undone_by(spec, &work),
    })
}

fn stage(title: String, lanes: Vec<(&ServerId, Vec<Step>)>, tidies: bool) -> Stage {
    let lanes = lanes.into_iter().map(|(server, steps)| Lane { server: server.clone(), steps });
    Stage {
        title,
        lanes: lanes.filter(|lane| !lane.steps.is_empty()).collect(),
        tidies,
        only_after: Vec::new(),
    }
}

fn undone_by(spec: &AppSpec, work: &[(ServerId, Vec<One>)]) -> String {
    let before: BTreeMap<&str, u16> =
        work.iter().flat_map(|(_, all)| all).map(|one| (one.service(), one.before())).collect();
    let told: Vec<String> = before.iter().map(|(service, n)| format!("{service}={n}")).collect();
    format!(
        "a failure puts the number before back by itself; later: midwatch scale {} {}",
        spec.id,
        told.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_typed() {
        let both = BTreeMap::from([("web".to_owned(), 3), ("worker".to_owned(), 2)]);
        assert_eq!(read("web=3 worker=2"), Ok(both.clone()));
        assert_eq!(read("web=3,worker=2"), Ok(both));
        for wrong in ["", "web", "=3", "web=", "web=-1", "web=many", "web=70000"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
