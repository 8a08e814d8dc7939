//! The repositories of backups: what each holds, read when something in it came or went.
//!
//! Whether it did is seen by the names of its snapshots alone, which takes neither its password nor time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;

use crate::config::{Config, RepositoryConfig};
use crate::domain::backup::{Backup, TOLD};
use crate::domain::cadence;
use crate::domain::check_schedule;
use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::ids::{DatastoreId, RepositoryId, ServerId};
use crate::domain::quantity::Percent;
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::publish::Publish;
use crate::repository::{RepositoryError, Vault};
use crate::transports::Links;

/// How often it is looked whether anything came or went.
const LOOK: Duration = Duration::from_secs(10);
/// The same of one that is elsewhere, where each look is paid for.
const LOOK_AWAY: Duration = Duration::from_secs(30);

/// The repositories of a configuration that a datastore goes to. Dropping it ends the looks.
pub struct Stocks {
    out: Arc<dyn Publish>,
    clock: Arc<dyn Clock>,
    links: Arc<Links>,
    running: Mutex<BTreeMap<RepositoryId, (RepositoryConfig, AbortOnDropHandle<()>)>>,
}

impl Stocks {
    /// Looks at none yet.
    pub fn new(out: Arc<dyn Publish>, clock: Arc<dyn Clock>, links: Arc<Links>) -> Self {
        Self { out, clock, links, running: Mutex::default() }
    }

    /// Takes the repositories of a configuration, within a tokio runtime; those that are as before go on.
    pub fn update(&self, config: &Config) {
        let used: BTreeSet<&RepositoryId> = config.datastores.values().map(|it| &it.repository).collect();
        let wanted: BTreeMap<_, _> = config.repositories.iter().filter(|(id, _)| used.contains(id)).collect();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|id, (before, _)| wanted.get(id) == Some(&&*before));
        for (id, it) in wanted {
            running.entry(id.clone()).or_insert_with(|| {
                let work = watch(
                    Vault::new(id, it, Arc::clone(&self.clock)).over(&self.links),
                    Arc::clone(&self.clock),
                    Arc::clone(&self.out),
                );
                (it.clone(), AbortOnDropHandle::new(tokio::spawn(work)))
            });
        }
    }
}

async fn watch(vault: Vault, clock: Arc<dyn Clock>, out: Arc<dyn Publish>) {
    let name = vault.id.as_str();
    let every = if vault.folder().is_some() { LOOK } else { LOOK_AWAY };
    let tell = |observation| {
        out.batch(Batch { server: ServerId::from(ServerId::LOCAL), at: clock.now(), observation });
    };
    let mut known = Known::default();
    let mut told = None;
    for n in 1.. {
        match known.look(&vault).await {
            Ok(changed) => {
                // What did not change is told again, so that it is known to be true.
                let due = told.is_none_or(|at: crate::domain::time::Timestamp| {
                    at.age(clock.now()) + every / 2 >= cadence::BACKUPS
                });
                if changed || due {
                    tell(Observation::Backups(vault.id.clone(), known.newest()));
                    told = Some(clock.now());
                }
            }
            Err(error) => {
                let what = format!("read the repository {}", vault.id);
                let failure: Failure = error.into_failure(&what);
                tell(Observation::Failed(Subject::Repository(vault.id.clone()), failure));
                told = None;
            }
        }
        tokio::time::sleep(check_schedule::pause(name, n, every, Percent(10.0))).await;
    }
}

/// What a repository held when it was last read.
#[derive(Default)]
struct Known {
    names: Option<BTreeSet<String>>,
    /// Oldest first.
    backups: Vec<Backup>,
}

impl Known {
    /// Reads it where something came or went since; says whether it did.
    async fn look(&mut self, vault: &Vault) -> Result<bool, RepositoryError> {
        let names = vault.snapshots().await?;
        if self.names.as_ref() == Some(&names) {
            return Ok(false);
        }
        self.names = None;
        self.backups = vault.backups().await?;
        self.names = Some(names);
        Ok(true)
    }

    /// The newest of each datastore, newest first.
    fn newest(&self) -> Vec<Backup> {
        let mut counts: BTreeMap<&DatastoreId, usize> = BTreeMap::new();
        let mut newest = Vec::new();
        for backup in self.backups.iter().rev() {
            let count = counts.entry(&backup.datastore).or_default();
            if *count < TOLD {
                *count += 1;
                newest.push(backup.clone());
            }
        }
        newest
    }
}
