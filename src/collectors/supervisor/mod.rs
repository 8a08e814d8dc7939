//! Runs every server's collectors, each server by itself, and the logs that someone follows.
//!
//! Lives here: starting, keeping and ending tasks. Not here: connecting (transports decides when
//! to try again), or what is observed.

mod backoff;
mod connections;
mod follow;
mod keep;
mod plan;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use self::connections::{Connections, LinkReporter};
use self::follow::Follower;
pub use self::follow::Following;
pub use self::plan::{ServerPlan, routes};
use self::server::{Context, Server};
use super::Pace;
use super::logs::{self, LogAccess, LogRange};
use crate::config::Become;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::message::log_batch::Part;
use crate::message::publish::Publish;
use crate::transports::Transport;

/// All servers under observation. Dropping it ends every task, and with the tasks whatever they
/// started on the servers. It must be made and used within a tokio runtime.
pub struct Supervisor {
    context: Context,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    servers: BTreeMap<ServerId, Server>,
    /// The connection of each, as it changes.
    connected: BTreeMap<ServerId, watch::Sender<Option<Arc<dyn Transport>>>>,
    /// `None` until someone said what is looked at: then everything is.
    watched: Option<BTreeSet<ServerId>>,
}

impl Inner {
    fn pace(&self, server: &ServerId, plan: &ServerPlan) -> Pace {
        match &self.watched {
            Some(watched) if !watched.contains(server) => Pace::Background(plan.intervals.background),
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
                let connected = inner.connected.entry(id.clone()).or_default().clone();
                connected.send_replace(None);
                let pace = inner.pace(&id, &plan);
                let server = Server::start(id.clone(), plan, pace, connected, &self.context);
                inner.servers.insert(id, server);
            }
        }
        let Inner { servers, connected, .. } = &mut *inner;
        connected.retain(|id, _| servers.contains_key(id));
    }

    /// Reads a log, from now until the handle is dropped. Lines come as [`crate::message::log_batch`]
    /// tells; a failure comes as an observation, and is tried again.
    pub fn follow(&self, source: LogSource, range: LogRange) -> Result<Following, Failure> {
        self.read(source, range, Part::Followed)
    }

    /// Reads what was written from a time to another, both included, as the part of a log that stands before
    /// what is followed of it. Its end is told by a batch.
    pub fn reach(&self, source: LogSource, from: Timestamp, until: Timestamp) -> Result<Following, Failure> {
        let range = LogRange { tail: None, since: Some(from), until: Some(until), follow: false };
        self.read(source, range, Part::Earlier)
    }

    fn read(&self, source: LogSource, range: LogRange, part: Part) -> Result<Following, Failure> {
        let inner = self.lock();
        let (Some(server), Some(connected)) =
            (inner.servers.get(&source.server), inner.connected.get(&source.server))
        else {
            let why = format!("no server is called {}", source.server);
            return Err(Failure::new(FailureKind::NotFound, format!("read the log {source}"), why));
        };
        let access = LogAccess {
            docker: server.plan.server.docker.clone(),
            sudo: server.plan.server.becoming == Become::Sudo,
        };
        Ok(Following::start(Follower {
            log: logs::log(&source.server, &source.stream, &access, range),
            follow: range.follow,
            part,
            source,
            current: connected.subscribe(),
            clock: Arc::clone(&self.context.clock),
            out: Arc::clone(&self.context.out),
        }))
    }

    /// Which servers someone looks at; the others are read less often from now on. Before the first
    /// call all of them count as looked at.
    pub fn set_watched(&self, watched: impl IntoIterator<Item = ServerId>) {
        let mut inner = self.lock();
        inner.watched = Some(watched.into_iter().collect());
        for (id, server) in &inner.servers {
            let pace = inner.pace(id, &server.plan);
            server.pace.send_if_modified(|current| std::mem::replace(current, pace) != pace);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
