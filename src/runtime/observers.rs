//! All that observes, started from a configuration and changed by a reload; for the console and
//! for the headless face alike. Dropping it ends every task and closes every connection.

use std::sync::{Arc, PoisonError, RwLock};

use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use super::{clock as machine, deploying, setup, waking};
use crate::collectors::backups::Stocks;
use crate::collectors::checks::{self, Means, Runner};
use crate::collectors::drills::Drills;
use crate::collectors::prometheus::Sources;
use crate::collectors::supervisor::{LinkReporter, ServerPlan, Supervisor};
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::domain::ids::ServerId;
use crate::domain::question::Asker;
use crate::message::publish::Publish;
use crate::transports::Links;

/// Connections and the collectors over them.
pub struct Observers {
    /// The connections.
    pub links: Arc<Links>,
    /// What observes over them.
    pub supervisor: Supervisor,
    /// Messages about runs that are over, which are still on their way out.
    pub telling: TaskTracker,
    checks: Runner,
    sources: Sources,
    stocks: Stocks,
    drills: Drills,
    clock: Arc<dyn Clock>,
    config: RwLock<Arc<Config>>,
    _waking: AbortOnDropHandle<()>,
}

impl Observers {
    /// Prepares; nothing is connected to before [`Self::begin`]. To be called within a tokio runtime.
    pub fn new(
        config: &Config,
        clock: &Arc<dyn Clock>,
        out: &Arc<dyn Publish>,
        asker: Arc<dyn Asker>,
    ) -> Self {
        let reporter = Arc::new(LinkReporter::new(Arc::clone(clock), Arc::clone(out)));
        let links = Arc::new(Links::new(
            setup::targets(config),
            Arc::clone(clock),
            asker,
            reporter,
            setup::link_options(config),
        ));
        let awake = Arc::clone(&links);
        let waking = waking::watch(machine::slept, move |slept| {
            let links = Arc::clone(&awake);
            async move { links.woke(slept).await }
        });
        let supervisor = Supervisor::new(Arc::<Links>::clone(&links), Arc::clone(clock), Arc::clone(out));
        let (checks, sources) = (Runner::new(Arc::clone(out)), Sources::new(Arc::clone(out)));
        let stocks = Stocks::new(Arc::clone(out), Arc::clone(clock), Arc::clone(&links));
        let drills = Drills::new(Arc::clone(out), Arc::clone(clock));
        let config = RwLock::new(Arc::new(config.clone()));
        Self {
            links,
            supervisor,
            telling: TaskTracker::new(),
            checks,
            sources,
            stocks,
            drills,
            clock: Arc::clone(clock),
            config,
            _waking: AbortOnDropHandle::new(tokio::spawn(waking)),
        }
    }

    /// Starts observing.
    pub fn begin(&self, config: &Config) {
        self.supervisor.update(ServerPlan::all(config));
        self.checks.update(checks::tasks(config), self.means(config));
        self.sources.update(config, self.means(config));
        self.stocks.update(config);
        self.drills.update(!config.datastores.is_empty(), deploying::journal(config));
    }

    /// What checks work with.
    pub fn means(&self, config: &Config) -> Means {
        Means::new(Arc::<Links>::clone(&self.links), Arc::clone(&self.clock), config)
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a changed configuration; what did not change goes on undisturbed.
    pub async fn update(&self, config: &Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config.clone());
        self.links.update(setup::targets(config)).await;
        self.begin(config);
    }

    /// Tries a server again at once.
    pub async fn reconnect(&self, server: &ServerId) {
        // A server that is not configured any more has nothing to try.
        let _ = self.links.reconnect(server).await;
    }
}
