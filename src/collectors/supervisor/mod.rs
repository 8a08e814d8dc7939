//! Runs every server's collectors, each server by itself, and the logs that someone follows.
//!
//! Lives here: starting, keeping and ending tasks. Not here: connecting (transports decides when
//! to try again), or what is observed.

mod backoff;
mod connections;
mod keep;
mod plan;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::connections::{Connections, LinkReporter};
pub use self::plan::ServerPlan;
use self::server::{Context, Server};
use super::Pace;
use crate::domain::clock::Clock;
use crate::domain::ids::ServerId;
use crate::message::publish::Publish;

/// How many times less often a server is read that nobody looks at.
pub const BACKGROUND: Pace = Pace::Background(5);

/// All servers under observation. Dropping it ends every task, and with the tasks whatever they
/// started on the servers. It must be made and used within a tokio runtime.
pub struct Supervisor {
    context: Context,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    servers: BTreeMap<ServerId, Server>,
    /// `None` until someone said what is looked at: then everything is.
    watched: Option<BTreeSet<ServerId>>,
}

impl Inner {
    fn pace(&self, server: &ServerId) -> Pace {
        match &self.watched {
            Some(watched) if !watched.contains(server) => BACKGROUND,
            _ => Pace::Watched,
        }
    }
}

impl Supervisor {
    /// Observes nothing until [`Self::update`] says what.
    pub fn new(connections: Arc<dyn Connections>, clock: Arc<dyn Clock>, out: Arc<dyn Publish>) -> Self {
        Self { context: Context { connections, clock, out }, inner: Mutex::default() }
    }

    /// Takes the plans of a configuration: new servers begin, missing ones end, and those whose
    /// plan changed begin anew. Hand the same configuration to the connections first.
    pub fn update(&self, plans: BTreeMap<ServerId, ServerPlan>) {
        let mut inner = self.lock();
        inner.servers.retain(|id, server| plans.get(id) == Some(&server.plan));
        for (id, plan) in plans {
            if !inner.servers.contains_key(&id) {
                let server = Server::start(id.clone(), plan, inner.pace(&id), &self.context);
                inner.servers.insert(id, server);
            }
        }
    }

    /// Which servers someone looks at; the others are read less often from now on. Before the first
    /// call all of them count as looked at.
    pub fn set_watched(&self, watched: impl IntoIterator<Item = ServerId>) {
        let mut inner = self.lock();
        inner.watched = Some(watched.into_iter().collect());
        for (id, server) in &inner.servers {
            let pace = inner.pace(id);
            server.pace.send_if_modified(|current| std::mem::replace(current, pace) != pace);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
