//! One connection per server, made when it is first wanted and shared by all who ask.
//!
//! Lives here: when to connect and when to try again. Not here: how (`ssh`), or what is done on a
//! connection.

mod backoff;
mod inner;
mod slot;
mod target;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::link::Link;
use crate::domain::question::Asker;

use super::Transport;
use super::ssh::{self, KeyRing, Limits, Operator};

use inner::Inner;
use slot::{End, Slot};
pub use target::ServerTarget;

/// How long what is not urgent waits for connections that are being made.
const CALM: Duration = Duration::from_secs(1);

/// Told of every change of every server's connection, in order. Must not block.
pub trait LinkObserver: Send + Sync {
    /// The connection of `server` is now `link`.
    fn link(&self, server: &ServerId, link: Link);
}

/// How connections are made.
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// Handshakes under way at a time.
    pub handshakes: usize,
    /// Deadlines, keepalive and sessions of each connection.
    pub limits: Limits,
    /// Whose SSH configuration and keys are used.
    pub operator: Operator,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self { handshakes: 16, limits: Limits::default(), operator: Operator::of_this_process() }
    }
}

/// The connections to all configured servers, and to the hosts of repositories over SFTP. Dropping it closes
/// them.
pub struct Links {
    inner: Arc<Inner>,
}

impl Links {
    /// No connection is made before one is asked for.
    pub fn new(
        servers: impl IntoIterator<Item = (ServerId, ServerTarget)>,
        clock: Arc<dyn Clock>,
        asker: Arc<dyn Asker>,
        observer: Arc<dyn LinkObserver>,
        options: LinkOptions,
    ) -> Self {
        let shared = ssh::Shared {
            ring: KeyRing::default(),
            handshakes: Semaphore::new(options.handshakes),
            rush: ssh::Rush::default(),
            asking: tokio::sync::Mutex::default(),
            clock: Arc::clone(&clock),
        };
        let servers = servers.into_iter().map(|(id, target)| (id.clone(), slot(id, target)));
        let inner = Inner {
            servers: Mutex::new(servers.collect()),
            jumps: Mutex::default(),
            shared,
            clock,
            asker,
            observer,
            options,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The server's connection, made now where there is none. While the server is down the reason
    /// comes at once, with the time of the next try: nobody hammers a dead server. While a person is
    /// asked it waits for the answer; a caller that cannot has a deadline of its own.
    pub async fn get(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        self.slot(server)?.get(&self.inner).await
    }

    /// The server's connection, waiting as long as it takes, through failures and a person's
    /// answers. Fails only where the server is not configured, or not any more.
    pub async fn wait_up(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        self.slot(server)?.wait_up(&self.inner).await
    }

    /// Carries out what is urgent on a connection that stands: [`Self::calm`] waits for it, while it is
    /// young.
    pub async fn urgent(&self, done: impl Future<Output = ()> + Send) {
        self.inner.shared.rush.count(done).await;
    }

    /// Waits until no server is being connected to or waits for its first values, apart from those
    /// that hold themselves up, but no longer than a second: for what is not as urgent.
    pub async fn calm(&self) {
        let shared = &self.inner.shared;
        let calm = async {
            // Behind all who wait for their turn now.
            drop(shared.handshakes.acquire().await);
            shared.rush.over().await;
        };
        let _ = timeout(CALM, calm).await;
    }

    /// Tries anew at once, also where only a person could have helped, and asks again what was
    /// declined.
    pub async fn reconnect(&self, server: &ServerId) -> Result<(), Failure> {
        self.inner.shared.ring.ask_again();
        for slot in self.jumps() {
            if !slot.is_up() {
                slot.again(&self.inner).await;
            }
        }
        for slot in self.servers() {
            if slot.is_repository_down() {
                slot.again(&self.inner).await;
            }
        }
        self.slot(server)?.again(&self.inner).await;
        Ok(())
    }

    /// The machine slept for so long: what waits for its next try is tried at once, with nothing held
    /// against it, and a connection that was silent for longer than one may be is made anew. What waits
    /// for a person goes on waiting.
    pub async fn woke(&self, slept: Duration) {
        let limits = &self.inner.options.limits;
        let unanswered = u32::try_from(limits.unanswered).unwrap_or(u32::MAX);
        let lost = slept >= limits.keepalive.saturating_mul(unanswered);
        // First those that others are reached through.
        for slots in [self.jumps(), self.servers()] {
            join_all(slots.iter().map(|slot| slot.woke(&self.inner, lost))).await;
        }
    }

    /// Takes a changed configuration: servers that are as before keep their connection, others
    /// lose it.
    pub async fn update(&self, servers: impl IntoIterator<Item = (ServerId, ServerTarget)>) {
        let gone: Vec<Arc<Slot>> = {
            let mut slots = self.inner.servers.lock().unwrap_or_else(PoisonError::into_inner);
            let mut before = std::mem::take(&mut *slots);
            for (id, target) in servers {
                let slot = match before.remove(&id) {
                    Some(slot) if slot.target == target => slot,
                    changed => {
                        before.extend(changed.map(|slot| (id.clone(), slot)));
                        slot(id.clone(), target)
                    }
                };
                slots.insert(id, slot);
            }
            before.into_values().collect()
        };
        join_all(gone.iter().map(|slot| slot.retire())).await;
    }

    /// Closes every connection; none is made after it.
    pub async fn close_all(&self) {
        let mut slots: Vec<Arc<Slot>> = self.servers();
        slots.extend(self.jumps());
        join_all(slots.iter().map(|slot| slot.retire())).await;
    }

    fn slot(&self, server: &ServerId) -> Result<Arc<Slot>, Failure> {
        self.inner.slot(server).map_err(|error| error.into_failure(&format!("connect to {server}")))
    }

    fn servers(&self) -> Vec<Arc<Slot>> {
        self.inner.servers.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn jumps(&self) -> Vec<Arc<Slot>> {
        self.inner.jumps.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

fn slot(id: ServerId, target: ServerTarget) -> Arc<Slot> {
    let end = if id.is_of_repository() { End::Repository } else { End::Server };
    Slot::new(id, target, end)
}

impl Drop for Links {
    fn drop(&mut self) {
        for slot in self.servers().into_iter().chain(self.jumps()) {
            slot.abandon();
        }
    }
}
