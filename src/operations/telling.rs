//! What a plan tells its reader: what changes, and what is interrupted.

use super::facts::ServerFacts;
use crate::domain::container::ContainerState;
use crate::domain::ids::ServerId;
use crate::domain::plan::Change;
use crate::domain::plan::act::Expected;

/// Changes that are the same on all servers, told once.
pub(super) fn merged(changes: &[Change], servers: usize) -> Vec<Change> {
    let mut told: Vec<Change> = Vec::new();
    for change in changes {
        let same = |it: &&Change| (&it.what, &it.from, &it.to) == (&change.what, &change.from, &change.to);
        let everywhere = changes.iter().filter(same).count() == servers;
        let change = if everywhere { Change { server: None, ..change.clone() } } else { change.clone() };
        if !told.contains(&change) {
            told.push(change);
        }
    }
    told
}

pub(super) fn interrupted(server: &ServerId, facts: &ServerFacts, services: &[Expected]) -> Vec<String> {
    let told = |it: &Expected| {
        let service = &it.service;
        let running = facts.containers_of(service).filter(|it| it.state == ContainerState::Running).count();
        (running > 0).then(|| match running {
            1 => format!("{service} on {server}: its container is stopped before the new one starts"),
            n => format!(
                "{service} on {server}: each of its {n} containers is stopped before the new one starts"
            ),
        })
    };
    services.iter().filter_map(told).collect()
}
