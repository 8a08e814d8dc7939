//! From the configuration to what the core and the connections are told of it. Pure.

use std::time::Duration;

use crate::collectors::checks::task;
use crate::config::{self, Config, Jump, ServerConfig};
use crate::domain::ids::ServerId;
use crate::domain::setup::{AppSetup, ChangeSetup, EnvironmentSetup, Guard, ServerSetup, Setup};
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
                servers: app.servers.clone(),
                checks: config
                    .checks
                    .iter()
                    .filter(|(_, check)| check.app.as_ref() == Some(id))
                    .flat_map(|(id, _)| task::ids(config, id))
                    .collect(),
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
        read_only,
        source,
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
    let files = server
        .logs
        .iter()
        .map(|file| (file.label.clone().unwrap_or_else(|| file.path.clone()), file.path.clone()));
    ServerSetup {
        id: id.clone(),
        address: address(id, server),
        environment: server.environment.clone(),
        labels: server.labels.clone(),
        thresholds: config.thresholds_of(id),
        interval: config.intervals.vitals,
        log_files: files.collect(),
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
    config.servers.iter().map(|(id, server)| (id.clone(), target(config, id, server))).collect()
}

fn target(config: &Config, id: &ServerId, server: &ServerConfig) -> ServerTarget {
    if server.local {
        return ServerTarget::Local;
    }
    let stations: Vec<String> =
        server.jump.iter().enumerate().map(|(n, jump)| station(config, jump, n == 0)).collect();
    ServerTarget::Ssh(Box::new(SshTarget {
        server: id.clone(),
        address: server.address.clone(),
        user: server.user.clone(),
        port: server.port,
        identity: server.identity.clone(),
        jump: (!stations.is_empty()).then(|| stations.join(",")),
        ssh_config: config.ssh.config.clone(),
        known_hosts: config.ssh.known_hosts.clone(),
        agent: config.ssh.agent,
    }))
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
