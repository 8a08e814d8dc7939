//! The small daily ones: restart, stop and start of an app's services, as they are.

use super::Refusal;
use super::facts::{AppFacts, ServerFacts};
use super::numbering::Numbers;
use super::preflight::{self, Subject};
use super::selection::{chosen, known, place};
use super::steps::{REPLACE, gate};
use crate::domain::container::ContainerState;
use crate::domain::deploy::AppSpec;
use crate::domain::ids::ServerId;
use crate::domain::plan::act::Expected;
use crate::domain::plan::{Act, FORMAT, Lane, Operation, Plan, Stage};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Restart, stop or start.
    pub operation: Operation,
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Only these services; all where empty.
    pub services: Vec<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Plans it: server by server, and no further after a failure.
pub fn plan(spec: &AppSpec, facts: &AppFacts, ask: &Ask) -> Result<Plan, Refusal> {
    let servers = chosen(spec, &ask.servers)?;
    let mut numbers = Numbers::default();
    let (mut findings, mut interrupts, mut stages) = (Vec::new(), Vec::new(), Vec::new());
    for (server, facts) in &known(facts, &servers)? {
        let place = place(spec, server)?;
        let subject = Subject { spec, operation: ask.operation, server, place, facts, only: &ask.services };
        findings.extend(preflight::findings(&subject, ask.reason.is_some()));
        let services = services(facts, ask);
        if services.is_empty() {
            continue;
        }
        if ask.operation != Operation::Start {
            let running = |it: &&Expected| {
                facts.containers_of(&it.service).any(|it| it.state == ContainerState::Running)
            };
            let told = services.iter().filter(running).map(|it| format!("{} on {server}", it.service));
            interrupts.extend(told);
        }
        let names = services.iter().map(|it| it.service.clone());
        let words = std::iter::once(ask.operation.word().to_owned()).chain(names).collect();
        let title = format!("{} {}", ask.operation.word(), joined(&services));
        let mut steps = vec![numbers.step(title, Act::Compose { words }, REPLACE)];
        if ask.operation != Operation::Stop {
            steps.push(gate(&mut numbers, &spec.gate.of_earlier(), None, services));
        }
        let lanes = vec![Lane { server: server.clone(), steps }];
        stages.push(Stage {
            title: format!("{} on {server}", ask.operation.word()),
            lanes,
            tidies: false,
            only_after: Vec::new(),
        });
    }
    let names: Vec<&str> = servers.iter().map(ServerId::as_str).collect();
    Ok(Plan {
        format: FORMAT,
        operation: ask.operation,
        app: spec.id.clone(),
        environment: spec.environment.clone(),
        guard: spec.guard,
        title: format!("{} {} on {}", ask.operation.word(), spec.id, names.join(", ")),
        as_of: facts.as_of,
        reason: ask.reason.clone(),
        places: servers.iter().filter_map(|it| Some((it.clone(), spec.places.get(it)?.clone()))).collect(),
        changes: Vec::new(),
        findings,
        interrupts,
        leaves: None,
        stages,
        undo: Vec::new(),
        undone_by: match ask.operation {
            Operation::Stop => format!("midwatch start {}", spec.id),
            Operation::Start => format!("midwatch stop {}", spec.id),
            _ => "there is nothing to undo: the containers are the same".to_owned(),
        },
    })
}

/// The services with containers there, as many as there are.
fn services(facts: &ServerFacts, ask: &Ask) -> Vec<Expected> {
    let mut all: Vec<Expected> = Vec::new();
    for container in &facts.running {
        if !ask.services.is_empty() && !ask.services.contains(&container.service) {
            continue;
        }
        if let Some(known) = all.iter_mut().find(|it| it.service == container.service) {
            known.containers += 1;
        } else {
            let service = container.service.clone();
            all.push(Expected { service, containers: 1, image: None, names: Vec::new() });
        }
    }
    all.sort_by(|a, b| a.service.cmp(&b.service));
    all
}

fn joined(services: &[Expected]) -> String {
    services.iter().map(|it| it.service.as_str()).collect::<Vec<_>>().join(", ")
}
