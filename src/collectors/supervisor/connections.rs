//! Where the supervisor gets its connections, and how their changes are shown.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::link::Link;
use crate::message::batch::{Batch, Observation};
use crate::message::publish::Publish;
use crate::transports::{LinkObserver, Links, Transport};

/// Makes connections; [`Links`] is the one that counts.
#[async_trait]
pub trait Connections: Send + Sync {
    /// The server's connection, as soon as it stands. Fails only where there will be none.
    async fn wait_up(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure>;

    /// Counts as urgent until then: [`Self::calm`] waits for it.
    async fn urgent(&self, until: CancellationToken) {
        until.cancelled().await;
    }

    /// Waits a little while others are being connected to, before what is not urgent.
    async fn calm(&self) {}
}

#[async_trait]
impl Connections for Links {
    async fn wait_up(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        Self::wait_up(self, server).await
    }

    async fn urgent(&self, until: CancellationToken) {
        Self::urgent(self, until.cancelled()).await;
    }

    async fn calm(&self) {
        Self::calm(self).await;
    }
}

/// Publishes what happens to connections; hand it to [`Links::new`].
pub struct LinkReporter {
    clock: Arc<dyn Clock>,
    out: Arc<dyn Publish>,
}

impl LinkReporter {
    /// Publishes to `out`.
    pub fn new(clock: Arc<dyn Clock>, out: Arc<dyn Publish>) -> Self {
        Self { clock, out }
    }
}

impl LinkObserver for LinkReporter {
    fn link(&self, server: &ServerId, link: Link) {
        let observation = Observation::Link(link);
        self.out.batch(Batch { server: server.clone(), at: self.clock.now(), observation });
    }
}
