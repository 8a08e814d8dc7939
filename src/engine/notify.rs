//! Tells people of a run beside those who look at it. A run never waits for it but at its very end, and
//! then a few seconds: what could not be told is said in a line, and changes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;

use super::run::Tell;
use crate::config::notify::NotifyConfig;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::notice::{Notice, Occasion};
use crate::domain::plan::FrozenPlan;
use crate::domain::run::{News, Operator, RunId, RunNews};
use crate::providers::notify::send;

/// How long the end of a run waits for what is still being told.
const LAST: Duration = Duration::from_secs(5);
/// A run is told of three times at most.
const WAITING: usize = 4;

/// Hands on what a run tells, and tells it to others as configured.
pub struct Notifying {
    inner: Arc<dyn Tell>,
    clock: Arc<dyn Clock>,
    plan: FrozenPlan,
    by: Operator,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    lanes: Vec<Lane>,
    run: Option<RunId>,
    undone: bool,
}

/// One who is told, by a task of its own: one that hangs holds up no other.
struct Lane {
    name: String,
    events: Vec<Occasion>,
    inbox: mpsc::Sender<Notice>,
    task: JoinHandle<()>,
}

impl Notifying {
    /// Over `inner`, for a run of this plan. To be called within a tokio runtime.
    pub fn over(
        inner: Arc<dyn Tell>,
        all: &BTreeMap<String, NotifyConfig>,
        plan: &FrozenPlan,
        by: &Operator,
        clock: &Arc<dyn Clock>,
    ) -> Arc<Self> {
        let (app, environment) = (&plan.plan().app, plan.plan().environment.as_ref());
        let operation = plan.plan().operation;
        let wanting = all.iter().filter(|(_, it)| it.wants(app, environment, operation));
        let lanes = wanting
            .map(|(name, to)| {
                let (inbox, notices) = mpsc::channel(WAITING);
                let work = work(name.clone(), to.clone(), notices, Arc::clone(&inner), Arc::clone(clock));
                Lane { name: name.clone(), events: to.events.clone(), inbox, task: tokio::spawn(work) }
            })
            .collect();
        let held = Mutex::new(Held { lanes, ..Held::default() });
        let (plan, by, clock) = (plan.clone(), by.clone(), Arc::clone(clock));
        Arc::new(Self { inner, clock, plan, by, held })
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits a few seconds for what is still being told; says of whom it is given up.
    pub async fn finish(&self) {
        let (lanes, run) = {
            let mut held = self.held();
            (std::mem::take(&mut held.lanes), held.run.clone())
        };
        let until = tokio::time::Instant::now() + LAST;
        let mut late = Vec::new();
        for Lane { name, inbox, mut task, .. } in lanes {
            // Without it the task ends with what it has.
            drop(inbox);
            if timeout_at(until, &mut task).await.is_err() {
                task.abort();
                late.push(name);
            }
        }
        for (name, run) in late.into_iter().filter_map(|name| Some((name, run.clone()?))) {
            let why = format!("no answer within {} s after the run", LAST.as_secs());
            let failure = Failure::new(FailureKind::Timeout, format!("tell {name}"), why);
            untold(&*self.inner, &self.clock, run, name, failure).await;
        }
    }

    /// Puts what there is to tell before who tells it.
    fn notify(&self, news: &RunNews) {
        let mut held = self.held();
        held.run = Some(news.run.clone());
        let plan = self.plan.plan();
        let begun = || Notice::started(plan, &news.run, &self.by, news.at);
        let notice = match &news.what {
            News::Begun => begun(),
            News::Waits(at_most) => begun().waiting(*at_most),
            News::Ended(end) => begun().ended(end, held.undone, news.at),
            News::Undoing(_) => {
                held.undone = true;
                return;
            }
            _ => return,
        };
        for lane in held.lanes.iter().filter(|lane| lane.events.contains(&notice.occasion)) {
            // There is room for more than a run has to tell.
            if lane.inbox.try_send(notice.clone()).is_err() {
                tracing::warn!(name = lane.name, "a message about a run was dropped");
            }
        }
    }
}

#[async_trait]
impl Tell for Notifying {
    async fn tell(&self, news: RunNews) {
        self.notify(&news);
        self.inner.tell(news).await;
    }
}

async fn work(
    name: String,
    to: NotifyConfig,
    mut notices: mpsc::Receiver<Notice>,
    inner: Arc<dyn Tell>,
    clock: Arc<dyn Clock>,
) {
    while let Some(notice) = notices.recv().await {
        if let Err(failure) = send(&name, &to, &notice, &clock).await {
            untold(&*inner, &clock, notice.run, name.clone(), failure).await;
        }
    }
}

async fn untold(inner: &dyn Tell, clock: &Arc<dyn Clock>, run: RunId, name: String, failure: Failure) {
    tracing::warn!(%run, name, %failure, "a message about a run did not go out");
    inner.tell(RunNews { run, at: clock.now(), what: News::Untold(name, failure) }).await;
}
