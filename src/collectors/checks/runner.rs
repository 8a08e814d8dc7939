//! Runs checks: each in a task of its own, again and again, or all of them once.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::attempt::Attempt;
use super::look::Look;
use super::means::Means;
use super::reach::{Miss, Reach};
use super::task::{Key, Task};
use super::{http, tcp, tls};
use crate::config::Probe;
use crate::domain::check::CheckResult;
use crate::domain::check_schedule;
use crate::domain::check_state::CheckState;
use crate::domain::ids::ServerId;
use crate::message::batch::{Batch, Observation};
use crate::message::publish::Publish;

/// What an attempt may take beyond its deadline: fetching a secret, and finding out whose silence it
/// was.
const GRACE: Duration = Duration::from_secs(35);

/// Runs the checks of a configuration. Dropping it ends them.
pub struct Runner {
    out: Arc<dyn Publish>,
    running: BTreeMap<Key, (Task, AbortOnDropHandle<()>)>,
}

impl Runner {
    /// Runs nothing yet.
    pub fn new(out: Arc<dyn Publish>) -> Self {
        Self { out, running: BTreeMap::new() }
    }

    /// Takes the checks of a configuration: new ones start, missing ones end. `means_changed` says
    /// that what they work with is another (a Prometheus moved, a limit changed): then all start anew,
    /// else those that are as before go on, with what they counted.
    pub fn reload(&mut self, tasks: BTreeMap<Key, Task>, means: &Arc<Means>, means_changed: bool) {
        self.running.retain(|key, (task, _)| !means_changed && tasks.get(key) == Some(task));
        for (key, task) in tasks {
            if !self.running.contains_key(&key) {
                let work = watch(task.clone(), Arc::clone(means), Arc::clone(&self.out));
                self.running.insert(key, (task, AbortOnDropHandle::new(tokio::spawn(work))));
            }
        }
    }

    /// What runs.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.running.keys()
    }
}

/// Tries each check once and judges by that one attempt, in the order of their names.
pub async fn run_once(tasks: impl IntoIterator<Item = Task>, means: &Arc<Means>) -> Vec<CheckResult> {
    let mut running = JoinSet::new();
    for task in tasks {
        let means = Arc::clone(means);
        running.spawn(async move {
            let attempt = contained(&task, &means).await;
            let verdict = task.verdict(&attempt);
            let failures = u32::from(verdict.health > crate::domain::health::Health::Unknown);
            task.result(attempt, verdict, failures)
        });
    }
    let mut results = running.join_all().await;
    results.sort_by(|a, b| (&a.check, &a.from).cmp(&(&b.check, &b.from)));
    results
}

async fn watch(task: Task, means: Arc<Means>, out: Arc<dyn Publish>) {
    let name = task.name();
    let mut state = CheckState::default();
    tokio::time::sleep(check_schedule::first(&name, task.config.interval)).await;
    for n in 1.. {
        let attempt = contained(&task, &means).await;
        let verdict = state.observe(task.verdict(&attempt), task.patience());
        let result = task.result(attempt, verdict, state.failures());
        let server = task.from.clone().unwrap_or_else(|| ServerId::from(ServerId::LOCAL));
        out.batch(Batch { server, at: means.clock.now(), observation: Observation::Check(result) });
        tokio::time::sleep(check_schedule::pause(&name, n, task.config.interval, task.config.jitter)).await;
    }
}

/// One attempt, when its turn comes; it ends in time, and a panic in it is a finding about us.
async fn contained(task: &Task, means: &Means) -> Attempt {
    // The semaphore is never closed; without a permit the attempt is only less polite.
    let _turn = means.slots.acquire().await;
    let guarded = AssertUnwindSafe(attempt(task, means)).catch_unwind();
    match tokio::time::timeout(task.config.deadline + GRACE, guarded).await {
        Ok(Ok(attempt)) => attempt,
        Ok(Err(_)) => {
            tracing::error!(check = %task.check, "a check panicked");
            Attempt::unknown("midwatch failed inside this check: a bug, please report it")
        }
        Err(_) => Attempt::unknown("the attempt did not end in time"),
    }
}

async fn attempt(task: &Task, means: &Means) -> Attempt {
    let reach = match reach(task.from.as_ref(), means).await {
        Ok(reach) => reach,
        Err(miss) => return miss.into(),
    };
    let look = Look { reach: &reach, within: task.config.deadline, means };
    match &task.config.probe {
        Probe::Http(check) => http::attempt(check, &look).await,
        Probe::Tcp(check) => tcp::attempt(check, &look).await,
        Probe::Tls(check) => tls::attempt(check, &look).await,
        _ => Attempt::unknown(format!("checks of kind {} come later", task.config.probe.kind().word())),
    }
}

async fn reach(from: Option<&ServerId>, means: &Means) -> Result<Reach, Miss> {
    let Some(server) = from else { return Ok(Reach::Here) };
    match means.servers.transport(server).await {
        Ok(transport) => Ok(Reach::Server(server.clone(), transport)),
        Err(failure) => Err(Miss::Server(server.clone(), failure.reason())),
    }
}
