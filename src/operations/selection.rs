//! Which servers a plan is for, and what is known of them.

use std::collections::BTreeSet;

use super::Refusal;
use super::facts::{AppFacts, ServerFacts};
use crate::domain::deploy::{AppSpec, Place};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;

pub(super) fn chosen(spec: &AppSpec, asked: &[ServerId]) -> Result<Vec<ServerId>, Refusal> {
    if let Some(stranger) = asked.iter().find(|server| !spec.servers.contains(server)) {
        let what = format!("change {} on {stranger}", spec.id);
        let failure = Failure::new(FailureKind::Invalid, what, "the app is not on that server");
        let names: Vec<&str> = spec.servers.iter().map(ServerId::as_str).collect();
        return Err(Refusal::Senseless(failure.hint(format!("it is on {}", names.join(", ")))));
    }
    let picked = |server: &&ServerId| asked.is_empty() || asked.contains(server);
    Ok(spec.servers.iter().filter(picked).cloned().collect())
}

pub(super) fn known<'a>(
    facts: &'a AppFacts,
    servers: &[ServerId],
) -> Result<Vec<(ServerId, &'a ServerFacts)>, Refusal> {
    let mut known = Vec::new();
    let mut lost = Vec::new();
    for server in servers {
        match facts.servers.get(server) {
            Some(Ok(facts)) => known.push((server.clone(), facts)),
            Some(Err(failure)) => lost.push((server.clone(), failure.clone())),
            None => {
                let failure =
                    Failure::new(FailureKind::Bug, format!("plan for {server}"), "nothing was read of it");
                lost.push((server.clone(), failure));
            }
        }
    }
    if lost.is_empty() { Ok(known) } else { Err(Refusal::Unreachable(lost)) }
}

/// Those of what would change that are asked for; all where nothing is asked for.
pub(super) fn of_part(mut services: BTreeSet<String>, only: &[String]) -> BTreeSet<String> {
    services.retain(|service| only.is_empty() || only.contains(service));
    services
}

/// A part of an app that a deploy can be of: services whose image it changes.
pub(super) fn part_of(
    spec: &AppSpec,
    known: &[(ServerId, &ServerFacts)],
    only: &[String],
) -> Result<(), Refusal> {
    for (server, facts) in known {
        // Compose tells of a wrong file, in the plan.
        let Ok(services) = &facts.services else { continue };
        let names =
            || services.keys().filter(|name| spec.services.is_empty() || spec.services.contains(name));
        if let Some(stranger) = only.iter().find(|asked| names().all(|name| name != *asked)) {
            let what = format!("deploy {stranger} of {} to {server}", spec.id);
            let why = "it is none of the services whose image a deploy changes";
            let names: Vec<&str> = names().map(String::as_str).collect();
            let failure = Failure::new(FailureKind::NotFound, what, why);
            return Err(Refusal::Senseless(failure.hint(format!("those are {}", names.join(", ")))));
        }
    }
    Ok(())
}

pub(super) fn place<'a>(spec: &'a AppSpec, server: &ServerId) -> Result<&'a Place, Refusal> {
    spec.places.get(server).ok_or_else(|| {
        let what = format!("change {} on {server}", spec.id);
        Refusal::Senseless(Failure::new(FailureKind::Invalid, what, "its Compose file there is not known"))
    })
}

/// A strategy with new containers beside the old ones needs a proxy that is switched between them.
pub(super) fn switchable(spec: &AppSpec) -> Result<(), Refusal> {
    if !spec.strategy.is_beside() || spec.proxy.is_some() {
        return Ok(());
    }
    let why = format!("{} needs a proxy to switch, and none is configured", spec.strategy.word());
    Err(Refusal::Senseless(
        Failure::new(FailureKind::Invalid, format!("change {}", spec.id), why)
            .hint(format!("add [apps.{}.proxy], or take --strategy rolling", spec.id)),
    ))
}
