//! `[apps.NAME]`: what is deployed as one.

use std::time::Duration;

use super::app_deploy::DeployConfig;
use super::scalars::RemotePath;
use super::table::Table;
use crate::domain::ids::{DatastoreId, EnvironmentId, ServerId};

/// An app: a Compose project on one or more servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppConfig {
    /// The Compose project's name.
    pub project: String,
    /// The servers it belongs on; empty for wherever its project is found.
    pub servers: Vec<ServerId>,
    /// The Compose file on the servers, an absolute path.
    pub compose: Option<String>,
    /// The environment; where nothing is said, its servers' own.
    pub environment: Option<EnvironmentId>,
    /// What it keeps its data in.
    pub datastores: Vec<DatastoreId>,
    /// How old the last good backup of those may be when it is deployed; each one's own `rpo` where nothing
    /// is said.
    pub backup_max_age: Option<Duration>,
    /// How it is deployed.
    pub deploy: DeployConfig,
}

impl AppConfig {
    pub(super) fn read(name: &str, t: &mut Table<'_>) -> Self {
        Self {
            project: t.or("project", name.to_owned()),
            servers: t.opt("servers").unwrap_or_default(),
            compose: t.opt::<RemotePath>("compose").map(|path| path.0),
            environment: t.opt("environment"),
            datastores: t.opt("datastores").unwrap_or_default(),
            backup_max_age: t.opt("backup_max_age"),
            deploy: DeployConfig::read(t, name),
        }
    }
}
