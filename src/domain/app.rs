//! What is deployed as one.

use serde::{Deserialize, Serialize};

use super::health::Verdict;
use super::ids::{AppId, ContainerKey, EnvironmentId, ServerId};

/// An app as it stands on the servers: a Compose project, on one or more of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct App {
    /// Its name.
    pub id: AppId,
    /// The Compose project's name on the servers.
    pub project: String,
    /// The environment of its servers, where they have one.
    pub environment: Option<EnvironmentId>,
    /// The servers it was found on or is configured for.
    pub servers: Vec<ServerId>,
    /// Its containers, by service, then server.
    pub containers: Vec<ContainerKey>,
    /// Its folded verdict.
    pub verdict: Verdict,
}
