//! Read-only tasks that observe one thing each, and publish what they see.
//!
//! Lives here: one file a kind of observation, the registry below, and the supervisor that runs
//! them, a set for each server, over that server's one connection. Not here: judging what was seen
//! (domain, store), or changing anything on a server.

pub mod access;
pub mod archives;
pub mod backups;
pub mod checks;
pub mod containers;
pub mod drills;
pub mod exposition;
pub mod logs;
pub mod maintenance;
pub mod node_exporter;
pub mod prometheus;
mod prometheus_past;
pub mod promql;
mod promql_answer;
pub mod promql_range;
pub mod supervisor;
pub mod units;
pub mod vitals;

mod failing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::archives::ArchiveOf;
use crate::config::{Become, IntervalsConfig, ServerConfig};
use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, ServerId};
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::publish::Publish;
use crate::transports::Transport;

/// The registry: the collectors of a server, one row each. `routes` are the files that tell proxies there
/// where the requests of which app go; `archives` are those of write-ahead logs that are asked about there.
pub fn collectors_of(
    server: &ServerConfig,
    intervals: &IntervalsConfig,
    routes: &[(AppId, String)],
    archives: &[ArchiveOf],
) -> Vec<Arc<dyn Collector>> {
    let collect = server.collect;
    let socket = || server.docker.clone();
    let mut collectors: Vec<Arc<dyn Collector>> = Vec::new();
    let mut row = |wanted: bool, make: &dyn Fn() -> Arc<dyn Collector>| {
        if wanted {
            collectors.push(make());
        }
    };
    row(collect.vitals, &|| Arc::new(vitals::VitalsCollector::new(intervals.vitals)));
    row(collect.containers, &|| Arc::new(containers::ContainersCollector::new(socket())));
    row(collect.containers, &|| Arc::new(containers::UsageCollector::new(socket(), intervals.containers)));
    row(collect.units, &|| Arc::new(units::UnitsCollector::new(intervals.units)));
    row(!routes.is_empty(), &|| Arc::new(maintenance::MaintenanceCollector::new(routes.to_vec())));
    for archive in archives {
        row(true, &|| Arc::new(archives::ArchiveCollector::new(archive.clone())));
    }
    for log in server.logs.iter().filter(|_| collect.files) {
        if let Some(format) = access::format(log.format) {
            let sudo = server.becoming == Become::Sudo;
            row(true, &|| Arc::new(access::AccessCollector::new(log, format, sudo, intervals.access)));
        }
    }
    collectors
}

/// How closely a server is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Somebody has it on the screen: the configured intervals.
    Watched,
    /// Nobody does: each interval is this many times longer.
    Background(u32),
}

impl Pace {
    /// An interval at this pace.
    pub fn stretch(self, interval: Duration) -> Duration {
        match self {
            Self::Watched => interval,
            Self::Background(times) => interval * times.max(1),
        }
    }
}

/// All that a collector works with: one server, over one standing connection.
#[derive(Clone)]
pub struct Beat {
    /// The server.
    pub server: ServerId,
    /// Its connection; gone for good once it is closed, the supervisor comes with a new one.
    pub transport: Arc<dyn Transport>,
    /// The console's clock.
    pub clock: Arc<dyn Clock>,
    /// Where to publish.
    pub out: Arc<dyn Publish>,
    /// How closely to look, as it changes.
    pub pace: watch::Receiver<Pace>,
    /// Cancelled by the first publication.
    pub first: CancellationToken,
}

impl Beat {
    /// Publishes what was seen just now.
    pub fn publish(&self, observation: Observation) {
        self.out.batch(Batch { server: self.server.clone(), at: self.clock.now(), observation });
        self.first.cancel();
    }

    /// Publishes that a look failed.
    pub fn failed(&self, subject: Subject, failure: Failure) {
        self.publish(Observation::Failed(subject, failure));
    }

    /// Sleeps for an interval at the pace of now, or less where the pace quickens meanwhile.
    pub async fn rest(&mut self, interval: Duration) {
        let pace = *self.pace.borrow_and_update();
        let sleep = tokio::time::sleep(pace.stretch(interval));
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                () = &mut sleep => return,
                changed = self.pace.changed() => match changed {
                    Ok(()) if *self.pace.borrow() == Pace::Watched => return,
                    Ok(()) => {}
                    // The supervisor is gone, and this task goes with it.
                    Err(_) => return sleep.await,
                },
            }
        }
    }
}

/// One kind of observation on one server.
#[async_trait]
pub trait Collector: Send + Sync {
    /// Its name in configuration (`[servers.X] collect`), log and documents.
    fn name(&self) -> &'static str;

    /// What turns unknown when it fails.
    fn subject(&self) -> Subject;

    /// Whether it begins at once, also while other servers are still being connected to. What costs
    /// a server more waits for that, so that every server's first values come soon.
    fn is_urgent(&self) -> bool {
        false
    }

    /// Observes until the connection ends or something fails that a new try may mend; the
    /// supervisor publishes the failure and comes back after a pause. It does not return while all
    /// is well; dropping it ends it, and closes its channels on the server.
    async fn run(&self, beat: Beat) -> Failure;
}
