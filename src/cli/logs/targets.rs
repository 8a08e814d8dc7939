//! What the targets of `midwatch logs` name, once the servers said what they have.

use crate::config::nearest;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{ServerId, UnitName};
use crate::domain::link::Link;
use crate::domain::log_source::{LogSource, LogStream};
use crate::state::State;

/// What systemd calls what it runs, where a log of it can be read.
const UNITS: [&str; 6] = [".service", ".socket", ".timer", ".mount", ".scope", ".slice"];

/// The servers that must have been read before the targets mean something.
pub(super) fn servers(state: &State, targets: &[String]) -> Vec<ServerId> {
    let all = || state.fleet.servers().map(|server| server.id().clone());
    let named = |target: &String| {
        let name = target.split('/').next().unwrap_or_default();
        all().find(|id| id.as_str() == name)
    };
    // A word that is no server may be on any of them.
    targets
        .iter()
        .map(named)
        .collect::<Option<Vec<_>>>()
        .filter(|it| !it.is_empty())
        .unwrap_or_else(|| all().collect())
}

/// Whether a server said what containers it has, or cannot.
pub(super) fn is_listed(state: &State, id: &ServerId) -> bool {
    state.fleet.server(id).is_none_or(|server| {
        matches!(server.link, Link::Down { .. })
            || server.containers.value().is_some()
            || server.containers.failure.is_some()
    })
}

/// The logs that the targets name, each once; everything where there is no target.
pub(super) fn resolve(state: &State, targets: &[String]) -> Result<Vec<LogSource>, Failure> {
    let mut sources = Vec::new();
    if targets.is_empty() {
        for server in state.fleet.servers() {
            let id = server.id();
            sources.push(LogSource { server: id.clone(), stream: LogStream::Journal { unit: None } });
            sources.extend(server.known_containers().iter().map(|it| container(id, &it.name)));
        }
    }
    for target in targets {
        let found = one(state, target);
        if found.is_empty() {
            return Err(unknown(state, target));
        }
        sources.extend(found);
    }
    let mut once = Vec::new();
    for source in sources {
        if !once.contains(&source) {
            once.push(source);
        }
    }
    Ok(once)
}

fn container(server: &ServerId, name: &str) -> LogSource {
    LogSource { server: server.clone(), stream: LogStream::Container { name: name.to_owned() } }
}

fn one(state: &State, target: &str) -> Vec<LogSource> {
    if let Some((server, rest)) = target.split_once('/') {
        let Some(server) = state.fleet.servers().find(|it| it.id().as_str() == server) else {
            return Vec::new();
        };
        return within(server, rest)
            .into_iter()
            .map(|stream| LogSource { server: server.id().clone(), stream })
            .collect();
    }
    if let Some(server) = state.fleet.servers().find(|it| it.id().as_str() == target) {
        let stream = LogStream::Journal { unit: None };
        return vec![LogSource { server: server.id().clone(), stream }];
    }
    if let Some(app) = state.fleet.apps().iter().find(|app| app.id.as_str() == target) {
        let named = app.containers.iter().filter_map(|key| Some((key, state.container(key)?)));
        return named.map(|(key, it)| container(&key.server, &it.name)).collect();
    }
    let all =
        state.fleet.servers().flat_map(|server| server.known_containers().iter().map(move |it| (server, it)));
    all.filter(|(_, it)| it.name == target).map(|(server, it)| container(server.id(), &it.name)).collect()
}

/// What stands behind `SERVER/`.
fn within(server: &crate::store::fleet::ServerLive, rest: &str) -> Option<LogStream> {
    if rest.starts_with('/') {
        return Some(LogStream::File { path: rest.to_owned() });
    }
    if rest == "journal" {
        return Some(LogStream::Journal { unit: None });
    }
    if server.known_containers().iter().any(|it| it.name == rest) {
        return Some(LogStream::Container { name: rest.to_owned() });
    }
    if let Some((_, path)) = server.setup.log_files.iter().find(|(label, _)| label == rest) {
        return Some(LogStream::File { path: path.clone() });
    }
    let is_unit = UNITS.iter().any(|end| rest.ends_with(end));
    is_unit.then(|| LogStream::Journal { unit: Some(UnitName::from(rest)) })
}

fn unknown(state: &State, target: &str) -> Failure {
    let failure =
        Failure::new(FailureKind::NotFound, format!("find the log {target}"), "nothing is called so");
    let mut names: Vec<String> = Vec::new();
    for server in state.fleet.servers() {
        if let Link::Down { failure: down, .. } = &server.link
            && target.split('/').next() == Some(server.id().as_str())
        {
            return Failure { what: format!("find the log {target}"), ..down.clone() };
        }
        names.push(server.id().to_string());
        for it in server.known_containers() {
            names.push(format!("{}/{}", server.id(), it.name));
            names.push(it.name.clone());
        }
    }
    names.extend(state.fleet.apps().iter().map(|app| app.id.to_string()));
    match nearest(target, names.iter().map(String::as_str)) {
        Some(near) => failure.hint(format!("did you mean {near}?")),
        None => failure.hint("midwatch status shows what there is"),
    }
}
