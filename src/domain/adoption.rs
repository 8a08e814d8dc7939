//! A Compose project that runs already, on its way to an app of the configuration: what was seen of it
//! on its servers, the entry that follows, and what a person is shown before it is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::ids::{AppId, ServerId};
use super::proxy::ProxyKind;

/// A project on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its Compose file, an absolute path.
    pub file: String,
    /// The environment file that it was started with, where that is not the `.env` beside the file.
    pub env_file: Option<String>,
    /// The image of each of its services as the file names it; `None` where it is built.
    pub services: BTreeMap<String, Option<String>>,
    /// The services of which something else runs than the file says now.
    pub differs: Vec<String>,
    /// Whether its folder can be written to, or who may not.
    pub writable: Result<(), String>,
    /// Proxies whose configuration names one of its ports.
    pub proxies: Vec<SeenProxy>,
}

/// A proxy whose configuration names a port of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenProxy {
    /// Which.
    pub kind: ProxyKind,
    /// The file of its configuration.
    pub file: String,
    /// The service that has the port.
    pub service: String,
    /// The port on the server.
    pub host: u16,
    /// The port in the container.
    pub container: u16,
}

/// An app as the configuration is to have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The Compose project.
    pub project: String,
    /// Its servers, at least one.
    pub servers: Vec<ServerId>,
    /// The Compose file; `None` where it can be looked at but not deployed.
    pub compose: Option<String>,
    /// The environment file.
    pub env_file: Option<String>,
    /// The services whose image a deploy changes; empty for all.
    pub services: Vec<String>,
    /// What a reader of the configuration has to know, a sentence each.
    pub notes: Vec<String>,
    /// The proxy that sends to it, which has to be told of a small file before a deploy can switch it.
    pub proxy: Option<SeenProxy>,
}

/// What comes of looking at a project on its servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The entries: one, or more where its files are not in the same place everywhere.
    pub entries: Vec<Entry>,
    /// What may stand in the way of the first deploy, a sentence each.
    pub doubts: Vec<String>,
    /// The servers on which it cannot be adopted, and why.
    pub lost: Vec<(ServerId, Failure)>,
}

/// What a person is shown before anything is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The configuration's file.
    pub file: String,
    /// The apps that are added.
    pub apps: Vec<AppId>,
    /// What is added to the file, word for word; empty where there is nothing to add.
    pub text: String,
    /// The app that the configuration has for it already; then nothing is written.
    pub there: Option<AppId>,
    /// What may stand in the way of the first deploy.
    pub doubts: Vec<String>,
    /// The servers on which it cannot be adopted, and why.
    pub lost: Vec<(ServerId, Failure)>,
}
