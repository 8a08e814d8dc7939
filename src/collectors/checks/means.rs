//! What checks work with, whichever kind they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::secrets::Secrets;
use crate::config::PrometheusConfig;
use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::thresholds::Thresholds;
use crate::http::roots::Roots;
use crate::transports::Transport;

/// Gives the standing connection to a server, or says at once why there is none.
#[async_trait]
pub trait Servers: Send + Sync {
    /// The connection.
    async fn transport(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure>;
}

/// How many attempts are under way at a time.
const AT_A_TIME: usize = 32;

/// Shared by all checks of one configuration.
pub struct Means {
    /// The servers' connections.
    pub servers: Arc<dyn Servers>,
    /// The console's clock.
    pub clock: Arc<dyn Clock>,
    /// Whom this machine trusts.
    pub roots: Roots,
    /// Limits; the certificates' is used here.
    pub thresholds: Thresholds,
    /// The sources that PromQL checks name.
    pub prometheus: BTreeMap<String, PrometheusConfig>,
    pub(super) secrets: Secrets,
    pub(super) slots: Semaphore,
}

impl Means {
    /// The means of a configuration.
    pub fn new(
        servers: Arc<dyn Servers>,
        clock: Arc<dyn Clock>,
        roots: Roots,
        config: &crate::config::Config,
    ) -> Self {
        Self {
            servers,
            clock,
            roots,
            thresholds: config.thresholds,
            prometheus: config.prometheus.clone(),
            secrets: Secrets::default(),
            slots: Semaphore::new(AT_A_TIME),
        }
    }
}
