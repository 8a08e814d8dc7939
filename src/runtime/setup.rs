//! From the configuration to what the core and the connections are told of it. Pure.

use std::time::Duration;

use crate::collectors::access;
use crate::collectors::checks::task;
use crate::config::{self, Config, Jump, LogFile, ServerConfig, SftpPlace};
use crate::domain::cadence::Cadence;
use crate::domain::ids::{AppId, DatastoreId, RepositoryId, ServerId};
use crate::domain::setup::{
    AppSetup, ArchiveSetup, ChangeSetup, DatastoreSetup, EnvironmentSetup, Guard, Keeping, ServerSetup, Setup,
};
use crate::transports::{LinkOptions, ServerTarget, SshTarget};

/// What the core is told. `source` is the configuration's file.
pub fn setup(config: &Config, source: Option<String>, read_only: bool) -> Setup {
    Setup {
        servers: config.servers.iter().map(|(id, server)| server_setup(config, id, server)).collect(),
        environments: config
            .environments
            .iter()
            .map(|(id, it)| EnvironmentSetup {
                id: id.clone(),
                guard: guard(it.guard),
                color: it.color.word().to_owned(),
            })
            .collect(),
        apps: config
            .apps
            .iter()
            .map(|(id, app)| AppSetup {
                id: id.clone(),
                project: app.project.clone(),
                environment: app.environment.clone(),
                servers: app.servers.clone(),
                checks: config
                    .checks
                    .iter()
                    .filter(|(_, check)| check.app.as_ref() == Some(id))
                    .flat_map(|(id, _)| task::ids(config, id))
                    .collect(),
                proxied: app.deploy.proxy.is_some(),
            })
            .collect(),
        changeable: config
            .apps
            .iter()
            .filter(|(_, app)| app.compose.is_some() && !app.servers.is_empty())
            .map(|(id, app)| {
                let strategy = app.deploy.strategy;
                let (services, proxied) = (app.deploy.services.clone(), app.deploy.proxy.is_some());
                (id.clone(), ChangeSetup { services, strategy, proxied })
            })
            .collect(),
        checks: config.checks.keys().flat_map(|id| task::ids(config, id)).collect(),
        datastores: config
            .datastores
            .iter()
            .map(|(id, it)| DatastoreSetup {
                id: id.clone(),
                kind: it.source.kind().to_owned(),
                what: it.source.describe(),
                server: it.server.clone(),
                apps: apps_of(config, id),
                repository: it.repository.clone(),
                rpo: it.rpo,
                rto: it.rto,
                keeping: Some(Keeping { retention: it.retention, replaced: it.keep_replaced }),
                archive: it.archive.as_ref().map(|archive| {
                    let spec = archive.spec(it);
                    ArchiveSetup { tool: spec.tool, server: spec.server, rpo: archive.rpo }
                }),
            })
            .collect(),
        thresholds: config.thresholds,
        keys: config
            .keys
            .iter()
            .map(|(action, chords)| (action.clone(), chords.iter().map(ToString::to_string).collect()))
            .collect(),
        theme: config.ui.theme.clone(),
        ascii: config.ui.glyphs == crate::config::ui::Glyphs::Ascii,
        mouse: config.ui.mouse,
        background: config.intervals.background,
        cadence: cadence(config),
        read_only,
        source,
    }
}

/// The apps that name a datastore as theirs.
fn apps_of(config: &Config, datastore: &DatastoreId) -> Vec<AppId> {
    let apps = config.apps.iter().filter(|(_, app)| app.datastores.contains(datastore));
    apps.map(|(id, _)| id.clone()).collect()
}

/// How often things come at the latest; what comes more often is not old any sooner for it.
/// A source of series may have an interval of its own: the longest of all counts.
fn cadence(config: &Config) -> Cadence {
    let (usual, it) = (Cadence::default(), &config.intervals);
    let sources = config.prometheus.values().filter_map(|source| source.interval);
    Cadence {
        usage: it.containers.max(usual.usage),
        units: it.units.max(usual.units),
        access: it.access.max(usual.access),
        samples: sources.fold(it.prometheus.max(usual.samples), Duration::max),
    }
}

pub(super) const fn guard(guard: config::environments::Guard) -> Guard {
    match guard {
        config::environments::Guard::Confirm => Guard::Confirm,
        config::environments::Guard::TypeName => Guard::TypeName,
        config::environments::Guard::TwoPerson => Guard::TwoPerson,
    }
}

fn server_setup(config: &Config, id: &ServerId, server: &ServerConfig) -> ServerSetup {
    let label = |file: &LogFile| file.label.clone().unwrap_or_else(|| file.path.clone());
    let files = server.logs.iter().map(|file| (label(file), file.path.clone()));
    let read = server.logs.iter().filter(|_| server.collect.files);
    let access = read.filter(|file| access::format(file.format).is_some()).map(label);
    ServerSetup {
        id: id.clone(),
        address: address(id, server),
        environment: server.environment.clone(),
        labels: server.labels.clone(),
        thresholds: config.thresholds_of(id),
        interval: config.intervals.vitals,
        log_files: files.collect(),
        access_logs: access.collect(),
    }
}

fn address(id: &ServerId, server: &ServerConfig) -> String {
    if server.local {
        return "this machine".to_owned();
    }
    let user = server.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let port = server.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{user}{}{port}", server.address.as_deref().unwrap_or(id.as_str()))
}

/// How each server is reached.
pub fn targets(config: &Config) -> Vec<(ServerId, ServerTarget)> {
    let configured = config.servers.iter().map(|(id, server)| (id.clone(), target(config, id, server)));
    // What is done with a repository is done here, whether this machine is watched or not.
    let here = ServerId::from(ServerId::LOCAL);
    let here = (!config.servers.contains_key(&here)).then_some((here, ServerTarget::Local));
    let repositories = config.repositories.iter().filter_map(|(id, it)| {
        let place = it.place.sftp()?;
        Some((ServerId::of_repository(id), repository(config, id, place)))
    });
    configured.chain(here).chain(repositories).collect()
}

/// How the host of a repository is reached: as the server of ours that its address names, else as the SSH
/// configuration has it. It has a connection of its own, so that what goes there holds up nothing that is
/// looked at.
fn repository(config: &Config, id: &RepositoryId, place: &SftpPlace) -> ServerTarget {
    let host = ServerId::from(place.host.as_str());
    let target = match config.servers.get(&host).map(|server| target(config, &host, server)) {
        Some(ServerTarget::Ssh(target)) => *target,
        // A host may be called as this machine is here.
        Some(ServerTarget::Local) | None => ssh_target(config, &host),
    };
    ServerTarget::Ssh(Box::new(SshTarget {
        server: ServerId::of_repository(id),
        address: target.address.or_else(|| Some(place.host.clone())),
        user: place.user.clone().or(target.user),
        port: place.port.or(target.port),
        ..target
    }))
}

fn target(config: &Config, id: &ServerId, server: &ServerConfig) -> ServerTarget {
    if server.local {
        return ServerTarget::Local;
    }
    let stations: Vec<String> =
        server.jump.iter().enumerate().map(|(n, jump)| station(config, jump, n == 0)).collect();
    ServerTarget::Ssh(Box::new(SshTarget {
        address: server.address.clone(),
        user: server.user.clone(),
        port: server.port,
        identity: server.identity.clone(),
        jump: (!stations.is_empty()).then(|| stations.join(",")),
        ..ssh_target(config, id)
    }))
}

/// A host by its name alone, with what holds for all of SSH.
fn ssh_target(config: &Config, id: &ServerId) -> SshTarget {
    SshTarget {
        ssh_config: config.ssh.config.clone(),
        known_hosts: config.ssh.known_hosts.clone(),
        agent: config.ssh.agent,
        ..SshTarget::new(id.clone())
    }
}

/// A station as `ProxyJump` writes it. The first one goes by its name with us, by which the
/// connections know its keys and share its connection.
fn station(config: &Config, jump: &Jump, first: bool) -> String {
    match jump {
        Jump::Host(host) => host.clone(),
        Jump::Server(id) if first => id.to_string(),
        Jump::Server(id) => match config.servers.get(id) {
            Some(server) => address(id, server),
            None => id.to_string(),
        },
    }
}

/// Deadlines, keepalive and how many handshakes run at a time.
pub fn link_options(config: &Config) -> LinkOptions {
    let mut options = LinkOptions { handshakes: config.ssh.handshakes, ..LinkOptions::default() };
    options.limits.connect = config.ssh.connect_deadline;
    options.limits.keepalive = config.ssh.keepalive.max(Duration::from_secs(1));
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_over_sftp_is_reached_as_the_server_that_it_names() {
        let text = "[servers.db-1]\naddress = \"10.0.0.7\"\nuser = \"ops\"\nport = 2222\nidentity = [\"/k\"]\n\
            [servers.box]\nlocal = true\n\
            [repositories.near]\nurl = \"sftp:vault@db-1:/srv\"\npassword = { env = \"P\" }\n\
            [repositories.far]\nurl = \"sftp://u1@box.example:23/x\"\npassword = { env = \"P\" }\n\
            [repositories.here]\npath = \"/srv\"\npassword = { env = \"P\" }\n";
        let loaded = config::load::parse(text, "c.toml", config::load::Options::default()).unwrap();
        let targets: std::collections::BTreeMap<_, _> = targets(&loaded.config).into_iter().collect();
        let of = |name: &str| match targets.get(&ServerId::of_repository(&name.into())) {
            Some(ServerTarget::Ssh(target)) => Some(target.clone()),
            _ => None,
        };
        let near = of("near").unwrap();
        assert_eq!((near.address.as_deref(), near.port), (Some("10.0.0.7"), Some(2222)));
        assert_eq!((near.user.as_deref(), near.identity.len()), (Some("vault"), 1));
        let far = of("far").unwrap();
        assert_eq!((far.address.as_deref(), far.port), (Some("box.example"), Some(23)));
        assert!(of("here").is_none() && far.server.is_of_repository());
        assert!(!ServerId::from("db-1").is_of_repository());
    }

    #[test]
    fn the_core_is_told_how_rarely_things_are_looked_at() {
        let text = "[intervals]\ncontainers = \"1m\"\nunits = \"2s\"\naccess = \"90s\"\n\
            [prometheus.slow]\nurl = \"http://127.0.0.1:9090\"\ninterval = \"5m\"\nqueries = { a = \"up\" }\n";
        let loaded = config::load::parse(text, "c.toml", config::load::Options::default()).unwrap();
        let cadence = setup(&loaded.config, None, false).cadence;
        assert_eq!(cadence.usage, Duration::from_secs(60));
        assert_eq!(cadence.units, Cadence::default().units, "what comes more often is not old any sooner");
        assert_eq!((cadence.access, cadence.samples), (Duration::from_secs(90), Duration::from_secs(300)));
        assert_eq!(cadence.usage(4), Duration::from_secs(60));
    }
}
