//! Runs checks: each in a task of its own, again and again, or all of them once.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::attempt::Attempt;
use super::look::Look;
use super::means::Means;
use super::redis::Memory;
use super::task::Task;
use super::{command, container, dns, http, postgres, prometheus, redis, tcp, tls, unit};
use crate::config::Probe;
use crate::domain::check::CheckResult;
use crate::domain::check_schedule;
use crate::domain::check_state::CheckState;
use crate::domain::health::Health;
use crate::domain::ids::{CheckId, ServerId};
use crate::message::batch::{Batch, Observation};
use crate::message::publish::Publish;

/// What an attempt may take beyond its deadline: fetching a secret, and finding out whose silence it
/// was.
const GRACE: Duration = Duration::from_secs(35);

/// Runs the checks of a configuration. Dropping it ends them.
pub struct Runner {
    out: Arc<dyn Publish>,
    state: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    means: Option<Arc<Means>>,
    tasks: BTreeMap<CheckId, (Task, AbortOnDropHandle<()>)>,
}

impl Runner {
    /// Runs nothing yet.
    pub fn new(out: Arc<dyn Publish>) -> Self {
        Self { out, state: Mutex::default() }
    }

    /// Takes the checks of a configuration, within a tokio runtime: new ones start, missing ones end,
    /// those that are as before go on with what they counted. Where what they all work with changed (a
    /// Prometheus moved, a limit), all start anew.
    pub fn update(&self, tasks: BTreeMap<CheckId, Task>, means: Means) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let means = match state.means.take() {
            Some(before) if before.same(&means) => before,
            _ => {
                state.tasks.clear();
                Arc::new(means)
            }
        };
        state.means = Some(Arc::clone(&means));
        state.tasks.retain(|id, (task, _)| tasks.get(id) == Some(task));
        for (id, task) in tasks {
            state.tasks.entry(id).or_insert_with(|| {
                let work = watch(task.clone(), Arc::clone(&means), Arc::clone(&self.out));
                (task, AbortOnDropHandle::new(tokio::spawn(work)))
            });
        }
    }

    /// What runs, by name.
    pub fn ids(&self) -> Vec<CheckId> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).tasks.keys().cloned().collect()
    }
}

/// Tries each check once and judges by that one attempt, in the order of their names.
pub async fn run_once(tasks: impl IntoIterator<Item = Task>, means: &Arc<Means>) -> Vec<CheckResult> {
    let mut running = JoinSet::new();
    for task in tasks {
        let means = Arc::clone(means);
        running.spawn(async move {
            let memory = Memory::default();
            let attempt = contained(&task, &means, &memory).await;
            let verdict = task.verdict(&attempt);
            let failures = u32::from(verdict.health > Health::Unknown);
            task.result(attempt, verdict, failures)
        });
    }
    let mut results = running.join_all().await;
    results.sort_by(|a, b| a.check.cmp(&b.check));
    results
}

async fn watch(task: Task, means: Arc<Means>, out: Arc<dyn Publish>) {
    let name = task.id.as_str();
    let mut state = CheckState::default();
    let memory = Memory::default();
    tokio::time::sleep(check_schedule::first(name, task.config.interval)).await;
    for n in 1.. {
        let attempt = contained(&task, &means, &memory).await;
        let verdict = state.observe(task.verdict(&attempt), task.patience());
        let result = task.result(attempt, verdict, state.failures());
        let server = task.from.clone().unwrap_or_else(|| ServerId::from(ServerId::LOCAL));
        out.batch(Batch { server, at: means.clock.now(), observation: Observation::Check(result) });
        tokio::time::sleep(check_schedule::pause(name, n, task.config.interval, task.config.jitter)).await;
    }
}

/// One attempt, when its turn comes; it ends in time, and a panic in it is a finding about us.
async fn contained(task: &Task, means: &Means, memory: &Memory) -> Attempt {
    // The semaphore is never closed; without a permit the attempt is only less polite.
    let _turn = means.slots.acquire().await;
    let guarded = AssertUnwindSafe(attempt(task, means, memory)).catch_unwind();
    match tokio::time::timeout(task.config.deadline + GRACE, guarded).await {
        Ok(Ok(attempt)) => attempt,
        Ok(Err(_)) => {
            tracing::error!(check = %task.check, "a check panicked");
            Attempt::unknown("midwatch failed inside this check: a bug, please report it")
        }
        Err(_) => Attempt::unknown("the attempt did not end in time"),
    }
}

async fn attempt(task: &Task, means: &Means, memory: &Memory) -> Attempt {
    let server = match &task.config.probe {
        Probe::Prometheus(check) => prometheus::vantage(check, &means.prometheus),
        _ => task.from.as_ref(),
    };
    let reach = match means.reach(server, task.config.deadline).await {
        Ok(reach) => reach,
        Err(miss) => return miss.into(),
    };
    let look = Look { reach: &reach, within: task.config.deadline, means, memory };
    match &task.config.probe {
        Probe::Http(check) => http::attempt(check, &look).await,
        Probe::Tcp(check) => tcp::attempt(check, &look).await,
        Probe::Tls(check) => tls::attempt(check, &look).await,
        Probe::Dns(check) => dns::attempt(check, &look).await,
        Probe::Command(check) => command::attempt(check, &look).await,
        Probe::Container(check) => container::attempt(check, task.project.as_deref(), &look).await,
        Probe::Unit(check) => unit::attempt(check, &look).await,
        Probe::Postgres(check) => postgres::attempt(check, &look).await,
        Probe::Redis(check) => redis::attempt(check, &look).await,
        Probe::Prometheus(check) => prometheus::attempt(check, &look).await,
    }
}
