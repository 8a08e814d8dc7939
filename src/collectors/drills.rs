//! The rehearsed restores and the checks of repositories that the journal of this console tells of, read
//! again when it changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio_util::task::AbortOnDropHandle;

use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::history::journal::{Journal, checked, drills};
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::publish::Publish;

/// How often it is looked whether the journal changed.
const LOOK: Duration = Duration::from_secs(10);

/// Looks into a journal. Dropping it ends that.
pub struct Drills {
    out: Arc<dyn Publish>,
    clock: Arc<dyn Clock>,
    running: Mutex<Option<(Option<Journal>, AbortOnDropHandle<()>)>>,
}

impl Drills {
    /// Looks at nothing yet.
    pub fn new(out: Arc<dyn Publish>, clock: Arc<dyn Clock>) -> Self {
        Self { out, clock, running: Mutex::default() }
    }

    /// Takes where the journal is, within a tokio runtime, or why it has no place; nothing is looked at
    /// where nobody wants to know.
    pub fn update(&self, wanted: bool, journal: Result<Journal, Failure>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let at = journal.as_ref().ok().cloned();
        if !wanted {
            *running = None;
        } else if running.as_ref().is_none_or(|(before, _)| *before != at) {
            let work = watch(journal, Arc::clone(&self.clock), Arc::clone(&self.out));
            *running = Some((at, AbortOnDropHandle::new(tokio::spawn(work))));
        }
    }
}

/// A file's length and when it was last written, by which it is seen that it changed.
type Seen = Option<(u64, Option<SystemTime>)>;

async fn watch(journal: Result<Journal, Failure>, clock: Arc<dyn Clock>, out: Arc<dyn Publish>) {
    let tell = |observation| {
        out.batch(Batch { server: ServerId::from(ServerId::LOCAL), at: clock.now(), observation });
    };
    let journal = match journal {
        Ok(journal) => journal,
        Err(failure) => return tell(Observation::Failed(Subject::Drills, failure)),
    };
    let mut read: Option<Seen> = None;
    loop {
        let meta = tokio::fs::metadata(journal.path()).await.ok();
        let seen: Seen = meta.map(|it| (it.len(), it.modified().ok()));
        if read.as_ref() != Some(&seen) {
            match look(journal.clone()).await {
                Ok((drills, checked)) => {
                    read = Some(seen);
                    tell(drills);
                    tell(checked);
                }
                Err(failure) => {
                    read = None;
                    tell(Observation::Failed(Subject::Drills, failure));
                }
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn look(journal: Journal) -> Result<(Observation, Observation), Failure> {
    let what = "read the journal";
    let entries = tokio::task::spawn_blocking(move || journal.entries()).await;
    let entries = entries.map_err(|error| Failure::new(FailureKind::Bug, what, error.to_string()))?;
    let entries = entries.map_err(|error| error.into_failure(what))?;
    let (drills, checked): (BTreeMap<_, _>, BTreeMap<_, _>) = (drills(&entries), checked(&entries));
    Ok((
        Observation::Drills(drills.into_iter().collect()),
        Observation::Checked(checked.into_iter().collect()),
    ))
}
