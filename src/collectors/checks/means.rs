//! What checks work with, whichever kind they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::{OnceCell, Semaphore};

use super::reach::{Miss, Reach};
use super::secrets::Secrets;
use crate::config::{PrometheusConfig, Secret};
use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::thresholds::Thresholds;
use crate::http::roots::Roots;
use crate::transports::{Links, Transport};

/// Gives the standing connection to a server, or says at once why there is none.
#[async_trait]
pub trait Servers: Send + Sync {
    /// The connection.
    async fn transport(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure>;
}

#[async_trait]
impl Servers for Links {
    async fn transport(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        self.get(server).await
    }
}

/// How many attempts are under way at a time.
const AT_A_TIME: usize = 32;

/// Shared by all checks of one configuration.
pub struct Means {
    /// The servers' connections.
    pub servers: Arc<dyn Servers>,
    /// The console's clock.
    pub clock: Arc<dyn Clock>,
    /// Limits; the certificates' is used here.
    pub thresholds: Thresholds,
    /// The sources that PromQL checks name.
    pub prometheus: BTreeMap<String, PrometheusConfig>,
    /// The engine's socket of the servers that name one.
    pub sockets: BTreeMap<ServerId, String>,
    roots: OnceCell<Roots>,
    secrets: Secrets,
    pub(super) slots: Semaphore,
}

impl Means {
    /// The means of a configuration.
    pub fn new(servers: Arc<dyn Servers>, clock: Arc<dyn Clock>, config: &crate::config::Config) -> Self {
        Self {
            servers,
            clock,
            thresholds: config.thresholds,
            prometheus: config.prometheus.clone(),
            sockets: config
                .servers
                .iter()
                .filter_map(|(server, it)| Some((server.clone(), it.docker.clone()?)))
                .collect(),
            roots: OnceCell::new(),
            secrets: Secrets::default(),
            slots: Semaphore::new(AT_A_TIME),
        }
    }

    /// Whom this machine trusts, read when it is first asked for.
    pub async fn roots(&self) -> &Roots {
        self.roots.get_or_init(Roots::system).await
    }

    /// Fetches a secret, or says why it cannot be had and what mends that.
    pub async fn secret(&self, source: &Secret) -> Result<SecretString, String> {
        let secret = self.secrets.get(source, self.clock.now()).await;
        secret.map_err(|failure| match &failure.hint {
            Some(hint) => format!("{}; to mend it: {hint}", failure.reason()),
            None => failure.reason(),
        })
    }

    /// The connection to a server, or why nothing can be seen from it. One that is still being made (or
    /// asks a person something first) is not waited for longer than a target would be.
    pub async fn reach(&self, from: Option<&ServerId>, within: Duration) -> Result<Reach, Miss> {
        let Some(server) = from else { return Ok(Reach::Here) };
        match tokio::time::timeout(within, self.servers.transport(server)).await {
            Ok(Ok(transport)) => Ok(Reach::Server(server.clone(), transport)),
            Ok(Err(failure)) => Err(Miss::Server(server.clone(), failure.reason())),
            Err(_) => Err(Miss::Server(server.clone(), "it is not connected yet".to_owned())),
        }
    }

    /// Whether tasks that began with these would find the same with others.
    pub fn same(&self, other: &Self) -> bool {
        self.thresholds.certificate == other.thresholds.certificate
            && self.prometheus == other.prometheus
            && self.sockets == other.sockets
    }
}
