//! One server's task: gets its connection, runs its collectors on it, and begins anew when the
//! connection is gone. Whatever happens here happens to this server alone.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::connections::Connections;
use super::keep::keep;
use super::plan::ServerPlan;
use crate::collectors::{Beat, Collector, Pace};
use crate::domain::clock::Clock;
use crate::domain::ids::ServerId;
use crate::message::publish::Publish;
use crate::transports::Transport;

/// A server's connection as followers see it: it changes with each one that stands.
pub(super) type Current = watch::Receiver<Option<Arc<dyn Transport>>>;

/// One server under observation. Dropping it ends all its tasks.
pub(super) struct Server {
    pub(super) plan: ServerPlan,
    pub(super) pace: watch::Sender<Pace>,
    _task: AbortOnDropHandle<()>,
}

/// What a server's task works with.
pub(super) struct Context {
    pub(super) connections: Arc<dyn Connections>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) out: Arc<dyn Publish>,
}

impl Server {
    /// Begins; `connected` outlives it, so that followers go on over a changed plan.
    pub(super) fn start(
        id: ServerId,
        plan: ServerPlan,
        pace: Pace,
        connected: watch::Sender<Option<Arc<dyn Transport>>>,
        context: &Context,
    ) -> Self {
        let pace = watch::Sender::new(pace);
        let task = Task {
            id,
            collectors: plan.collectors(),
            pace: pace.subscribe(),
            connected,
            connections: Arc::clone(&context.connections),
            clock: Arc::clone(&context.clock),
            out: Arc::clone(&context.out),
        };
        let task = AbortOnDropHandle::new(tokio::spawn(task.run()));
        Self { plan, pace, _task: task }
    }
}

struct Task {
    id: ServerId,
    collectors: Vec<Arc<dyn Collector>>,
    pace: watch::Receiver<Pace>,
    connected: watch::Sender<Option<Arc<dyn Transport>>>,
    connections: Arc<dyn Connections>,
    clock: Arc<dyn Clock>,
    out: Arc<dyn Publish>,
}

impl Task {
    async fn run(self) {
        // An error means that the server is not configured any more; the supervisor ends this task.
        while let Ok(transport) = self.connections.wait_up(&self.id).await {
            self.connected.send_replace(Some(Arc::clone(&transport)));
            let mut running = JoinSet::new();
            for collector in &self.collectors {
                let beat = self.beat(&transport);
                let (connections, first) = (Arc::clone(&self.connections), beat.first.clone());
                let kept = keep(Arc::clone(collector), beat);
                if collector.is_urgent() {
                    running.spawn(kept);
                    running.spawn(async move { connections.urgent(first).await });
                } else {
                    running.spawn(async move {
                        connections.calm().await;
                        kept.await;
                    });
                }
            }
            transport.closed().await;
            self.connected.send_replace(None);
            running.shutdown().await;
        }
    }

    fn beat(&self, transport: &Arc<dyn Transport>) -> Beat {
        Beat {
            server: self.id.clone(),
            transport: Arc::clone(transport),
            clock: Arc::clone(&self.clock),
            out: Arc::clone(&self.out),
            pace: self.pace.clone(),
            first: CancellationToken::new(),
        }
    }
}
