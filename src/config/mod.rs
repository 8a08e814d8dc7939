//! The configuration: what the user says about servers, apps, checks and the console itself.
//!
//! Lives here: one file a section, reading it with every mistake in its place, layers, discovery
//! and writing of a first configuration. Not here: the network, watching the file, what
//! an action is (the caller says which there are).

mod amounts;
pub mod app_deploy;
mod app_gate;
mod app_proxy;
pub mod apps;
mod argv;
pub mod checks;
mod condition;
pub mod datastore_archive;
pub mod datastores;
pub mod discover;
mod document;
pub mod duration;
pub mod environments;
pub mod history;
pub mod intervals;
pub mod keys;
pub mod layers;
pub mod load;
pub mod locate;
pub mod logs;
mod masks;
pub mod mistake;
mod names;
pub mod notify;
pub mod prometheus;
pub mod registries;
mod relations;
pub mod reload;
pub mod report;
pub mod repositories;
pub mod repository_place;
pub mod repository_sftp;
pub mod scalars;
pub mod secret;
pub mod secret_keyring;
pub mod secret_program;
mod secret_source;
mod secret_word;
pub mod servers;
pub mod size;
pub mod ssh;
mod table;
pub mod thresholds;
pub mod ui;
mod value;
pub mod verify;
mod walk;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::ids::{AppId, CheckId, DatastoreId, EnvironmentId, RepositoryId, ServerId};
use crate::domain::thresholds::Thresholds;

pub use app_deploy::DeployConfig;
pub use apps::AppConfig;
pub use checks::{CheckConfig, Probe, Vantage};
pub use datastores::DatastoreConfig;
pub use document::{EXAMPLE, markdown};
pub use environments::{EnvironmentConfig, Frame};
pub use history::HistoryConfig;
pub use intervals::IntervalsConfig;
pub use keys::KeysConfig;
pub use layers::{Overrides, resolve};
pub use load::{LoadError, Loaded, Options, load, parse};
pub use locate::Location;
pub use logs::{LogFile, LogFormat, LogsConfig};
pub use notify::NotifyConfig;
pub use prometheus::{PrometheusAt, PrometheusConfig};
pub use registries::RegistryConfig;
pub use reload::{Changes, Reload, diff, reload};
pub use report::Report;
pub use repositories::RepositoryConfig;
pub use repository_place::RepositoryPlace;
pub use repository_sftp::SftpPlace;
pub use scalars::Address;
pub use secret::{Secret, SecretError};
pub use servers::{Become, Collect, Jump, ServerConfig};
pub use ssh::SshConfig;
pub use ui::UiConfig;
pub use verify::verify;
pub use walk::{Known, Used, nearest};

/// A whole configuration, every reference in it good.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The folder of the file that it was read from.
    pub folder: Option<PathBuf>,
    /// The servers, at least one.
    pub servers: BTreeMap<ServerId, ServerConfig>,
    /// The environments.
    pub environments: BTreeMap<EnvironmentId, EnvironmentConfig>,
    /// The apps that are named; others are found on the servers.
    pub apps: BTreeMap<AppId, AppConfig>,
    /// The checks.
    pub checks: BTreeMap<CheckId, CheckConfig>,
    /// Sources of series.
    pub prometheus: BTreeMap<String, PrometheusConfig>,
    /// What registries are logged in to with, by the section's name.
    pub registries: BTreeMap<String, RegistryConfig>,
    /// Where backups are kept.
    pub repositories: BTreeMap<RepositoryId, RepositoryConfig>,
    /// What is backed up.
    pub datastores: BTreeMap<DatastoreId, DatastoreConfig>,
    /// Who is told of runs.
    pub notify: BTreeMap<String, NotifyConfig>,
    /// Limits where neither server nor environment has its own.
    pub thresholds: Thresholds,
    /// How the console looks and listens.
    pub ui: UiConfig,
    /// Chords of actions.
    pub keys: KeysConfig,
    /// How often things are looked at.
    pub intervals: IntervalsConfig,
    /// The embedded database.
    pub history: HistoryConfig,
    /// SSH.
    pub ssh: SshConfig,
    /// Logs.
    pub logs: LogsConfig,
}

impl Default for Config {
    /// What holds without a configuration: this machine, and the defaults.
    fn default() -> Self {
        Self {
            folder: None,
            servers: BTreeMap::from([(ServerId::from(ServerId::LOCAL), ServerConfig::local())]),
            environments: BTreeMap::new(),
            apps: BTreeMap::new(),
            checks: BTreeMap::new(),
            prometheus: BTreeMap::new(),
            registries: BTreeMap::new(),
            repositories: BTreeMap::new(),
            datastores: BTreeMap::new(),
            notify: BTreeMap::new(),
            thresholds: Thresholds::default(),
            ui: UiConfig::default(),
            keys: KeysConfig::new(),
            intervals: IntervalsConfig::default(),
            history: HistoryConfig::default(),
            ssh: SshConfig::default(),
            logs: LogsConfig::default(),
        }
    }
}

impl Config {
    /// The limits of a server: its own, else its environment's, else the global ones.
    pub fn thresholds_of(&self, server: &ServerId) -> Thresholds {
        let Some(server) = self.servers.get(server) else { return self.thresholds };
        let environment = server.environment.as_ref().and_then(|name| self.environments.get(name));
        let base = environment.map_or(self.thresholds, |it| it.thresholds.over(self.thresholds));
        server.thresholds.over(base)
    }

    /// Reads every section.
    fn read(root: &mut table::Table<'_>) -> Self {
        let mut config = Self { servers: BTreeMap::new(), ..Self::default() };
        root.each("servers", |name, at, t| {
            config.servers.insert(ServerId::from(name), ServerConfig::read(name, at, t));
        });
        if config.servers.is_empty() {
            config.servers = Self::default().servers;
        }
        root.each("environments", |name, at, t| {
            names::judge(name, at, t);
            config.environments.insert(EnvironmentId::from(name), EnvironmentConfig::read(name, t));
        });
        root.each("apps", |name, at, t| {
            names::judge(name, at, t);
            config.apps.insert(AppId::from(name), AppConfig::read(name, t));
        });
        root.each("checks", |name, at, t| {
            names::judge(name, at, t);
            config.checks.extend(CheckConfig::read(t).map(|check| (CheckId::from(name), check)));
        });
        root.each("prometheus", |name, at, t| {
            names::judge(name, at, t);
            config.prometheus.extend(PrometheusConfig::read(t).map(|it| (name.to_owned(), it)));
        });
        root.each("registries", |name, at, t| {
            names::judge(name, at, t);
            config.registries.extend(RegistryConfig::read(t).map(|it| (name.to_owned(), it)));
        });
        root.each("repositories", |name, at, t| {
            names::judge(name, at, t);
            config.repositories.extend(RepositoryConfig::read(t).map(|it| (RepositoryId::from(name), it)));
        });
        root.each("datastores", |name, at, t| {
            names::judge(name, at, t);
            config.datastores.extend(DatastoreConfig::read(t).map(|it| (DatastoreId::from(name), it)));
        });
        root.each("notify", |name, at, t| {
            names::judge(name, at, t);
            config.notify.extend(NotifyConfig::read(t).map(|it| (name.to_owned(), it)));
        });
        config.thresholds = root.table("thresholds", thresholds::read_global);
        config.ui = root.table("ui", UiConfig::read);
        config.keys = keys::read(root);
        config.intervals = root.table("intervals", IntervalsConfig::read);
        config.history = root.table("history", HistoryConfig::read);
        config.ssh = root.table("ssh", SshConfig::read);
        config.logs = root.table("logs", LogsConfig::read);
        config
    }
}

/// Every key that a configuration's text uses, by path, with its value as it is written.
pub fn used_keys(text: &str) -> std::collections::BTreeSet<Used> {
    load::used_keys(text)
}

/// Every key that the loader knows, by path.
pub fn known_keys() -> std::collections::BTreeSet<Known> {
    let walk = walk::Walk::catalog();
    Config::read(&mut table::Table::root(&walk, None));
    walk.finish().1
}
