//! Brings the images that an app's Compose file names onto its servers, so that they are there when they
//! are needed. Nothing that runs is changed.

use std::collections::BTreeMap;

use super::Refusal;
use super::facts::AppFacts;
use super::numbering::Numbers;
use super::preflight::{self, Subject};
use super::selection::{chosen, known, place};
use super::steps::PULL;
use crate::domain::deploy::AppSpec;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::image::ImageRef;
use crate::domain::plan::{Act, FORMAT, Lane, Operation, Plan, Stage};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Only the images of these services; all where empty.
    pub services: Vec<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Plans it: all servers side by side.
pub fn plan(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let servers = chosen(spec, &ask.servers)?;
    let mut numbers = Numbers::default();
    let (mut findings, mut lanes) = (Vec::new(), Vec::new());
    for (server, facts) in &known(facts, &servers)? {
        let subject = Subject {
            spec,
            operation: Operation::Pull,
            server,
            place: place(spec, server)?,
            facts,
            only: &[],
        };
        findings.extend(preflight::findings(&subject, ask.reason.is_some()));
        if let (Ok(known), Some(stranger)) =
            (&facts.services, ask.services.iter().find(|asked| !facts.images.contains_key(*asked)))
        {
            let what = format!("pull the image of {stranger} on {server}");
            let why = "the Compose file names no image of such a service";
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let failure = Failure::new(FailureKind::NotFound, what, why);
            return Err(Refusal::Senseless(failure.hint(format!("it has {}", names.join(", ")))));
        }
        // One that is there is asked for too: its tag may have been on another until now.
        let mut wanted: BTreeMap<String, ImageRef> = BTreeMap::new();
        let chosen = |name: &str| {
            let service = name.split(' ').next().unwrap_or(name);
            ask.services.is_empty() || ask.services.iter().any(|it| it == service)
        };
        let images = facts.images.iter().filter(|(name, _)| chosen(name));
        for seen in images.filter_map(|(_, seen)| seen.as_ref().ok()) {
            wanted.entry(seen.image.to_string()).or_insert_with(|| seen.image.clone());
        }
        let steps: Vec<_> = wanted
            .into_values()
            .map(|image| numbers.step(format!("pull {}", image.name()), Act::Pull { image }, PULL))
            .collect();
        if !steps.is_empty() {
            lanes.push(Lane { server: server.clone(), steps });
        }
    }
    let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
    Ok(Plan {
        format: FORMAT,
        operation: Operation::Pull,
        app: spec.id.clone(),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("pull the images of {} on {}", spec.id, names.join(", ")),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: servers.iter().filter_map(|it| Some((it.clone(), spec.places.get(it)?.clone()))).collect(),
        changes: Vec::new(),
        findings,
        interrupts: Vec::new(),
        leaves: None,
        stages: vec![Stage { title: "pull".to_owned(), lanes, tidies: false, only_after: Vec::new() }],
        undo: Vec::new(),
        undone_by: "what runs is not changed; an image goes with: docker rmi".to_owned(),
    })
}
