//! One root cause instead of thirty alarms: which finding explains which, one file a kind of cause.
//! Each is a pure judgement on two findings.

mod dead_container;
mod dead_database;
mod dead_engine;
mod full_disk;
mod unreachable;

use super::finding::Finding;

/// Whether the first finding explains the second.
pub type Cause = fn(&Finding, &Finding) -> bool;

/// The kinds of cause.
pub const CAUSES: &[Cause] = &[
    unreachable::explains,
    full_disk::explains,
    dead_engine::explains,
    dead_database::explains,
    dead_container::explains,
];

/// Whether `cause` explains `effect`. A cause is always of an earlier kind than its effect, so that
/// explanations never run in a circle.
pub fn explains(cause: &Finding, effect: &Finding) -> bool {
    cause.kind < effect.kind && CAUSES.iter().any(|explains| explains(cause, effect))
}

/// Whether both are on, or seen from, the same server.
fn same_server(a: &Finding, b: &Finding) -> bool {
    a.server.is_some() && a.server == b.server
}

/// Whether the effect is a check on what runs on the cause's server, as the configuration says.
fn looks_at_server(cause: &Finding, check: &Finding) -> bool {
    cause.server.as_ref().is_some_and(|server| check.project_servers.contains(server))
}

/// Whether both are about the same project on the same server, or the effect is a check on it.
fn same_project(cause: &Finding, effect: &Finding) -> bool {
    cause.project.is_some()
        && cause.project == effect.project
        && (same_server(cause, effect) || looks_at_server(cause, effect))
}

#[cfg(test)]
pub(super) mod sample {
    use crate::domain::health::Health;
    use crate::store::fleet::finding::{Finding, Kind};

    /// A finding on a server.
    pub fn on(server: &str, kind: Kind) -> Finding {
        let id = format!("{kind:?}");
        Finding::on_server(&server.into(), kind, &id, Health::Down, id.clone())
    }

    /// One of a project.
    pub fn of(server: &str, kind: Kind, project: &str) -> Finding {
        Finding { project: Some(project.into()), ..on(server, kind) }
    }

    /// A check, made from here, on a project that is configured to run on a server.
    pub fn check_of(server: &str, project: &str) -> Finding {
        Finding {
            server: None,
            project: Some(project.into()),
            project_servers: vec![server.into()],
            ..on(server, Kind::Check)
        }
    }
}
