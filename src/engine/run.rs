//! Executes a frozen plan: locks, stages, steps, the way back, the end; each written down before it
//! is done and after.

mod approved;
mod back;
mod record;
mod resume;
mod stages;
mod still;
mod unmasked;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ground::{Engines, Ground};
use super::{approval, ledger};
use crate::domain::approval::Approval;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{DatastoreId, ServerId};
use crate::domain::plan::{FrozenPlan, StepId};
use crate::domain::release::lock::Holder;
use crate::domain::run::{News, Operator, Outcome, RunEnd, RunId, RunNews};
use crate::history::journal::{Entry, Journal};
use crate::transports::Piped;

pub use crate::domain::unfinished::Way;

/// Is told what a run does. Nothing that is told is dropped.
#[async_trait]
pub trait Tell: Send + Sync {
    /// One piece of news.
    async fn tell(&self, news: RunNews);
}

/// A plan that a person confirmed.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// The plan.
    pub plan: FrozenPlan,
    /// Who.
    pub by: Operator,
}

/// Executes plans.
#[derive(Clone)]
pub struct Runner {
    /// How servers are reached.
    pub engines: Engines,
    /// Where it is all written down.
    pub journal: Journal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is told.
    pub tell: Arc<dyn Tell>,
}

/// How far a run came before it ended.
enum Ending {
    Done,
    Cancelled,
    Failed(Failure),
    /// All that was planned holds, but something was left behind.
    Untidy(Failure),
}

/// Why a run was not begun: nothing was changed.
enum Unbegun {
    /// It was given up while it waited.
    Cancelled,
    /// It may not begin, or cannot.
    Failed(Failure),
}

impl From<Failure> for Unbegun {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Unbegun {
    fn said(self) -> (Outcome, Option<Failure>) {
        match self {
            Self::Cancelled => (Outcome::Cancelled, None),
            Self::Failed(failure) => (Outcome::Failed, Some(failure)),
        }
    }
}

/// One run under way.
struct Run<'a> {
    runner: &'a Runner,
    id: RunId,
    confirmed: &'a Confirmed,
    grounds: BTreeMap<ServerId, Ground>,
    /// The steps that were begun of those that change what serves.
    begun: std::sync::Mutex<BTreeSet<(ServerId, StepId)>>,
    /// What is known of datastores that were to be exchanged: where, and how they stand.
    exchanged: std::sync::Mutex<BTreeMap<DatastoreId, (ServerId, String)>>,
    /// Commands of the operator's that were begun.
    theirs: std::sync::Mutex<Vec<(ServerId, String)>>,
    /// Whether what was planned is in place and verified, so that there is only tidying up left.
    holds: AtomicBool,
    cancel: CancellationToken,
    /// What the locks say while they are held for this.
    token: String,
    /// Whether it was begun by another console.
    resumed: bool,
    /// Shows on the servers that somebody carries it out.
    present: Vec<Piped>,
    /// What a second person gave, where one was asked.
    approval: Option<Approval>,
}

impl Runner {
    /// Executes a plan to its end, whatever that is. A cancel is heeded at the next safe point.
    pub async fn run(&self, confirmed: &Confirmed, cancel: CancellationToken) -> (RunId, RunEnd) {
        let start = Instant::now();
        let id = RunId::new(self.clock.now(), confirmed.plan.digest());
        let mut run = Run::new(self, id.clone(), confirmed, cancel);
        let end = match run.begin().await {
            Ok(()) => run.go(start).await,
            Err(unbegun) => {
                let (outcome, because) = unbegun.said();
                RunEnd { outcome, because, stands: Vec::new(), took: start.elapsed() }
            }
        };
        run.news(News::Ended(end.clone())).await;
        (id, end)
    }
}

impl<'a> Run<'a> {
    fn new(runner: &'a Runner, id: RunId, confirmed: &'a Confirmed, cancel: CancellationToken) -> Self {
        Self {
            runner,
            token: id.to_string(),
            id,
            confirmed,
            grounds: BTreeMap::new(),
            begun: std::sync::Mutex::default(),
            exchanged: std::sync::Mutex::default(),
            theirs: std::sync::Mutex::default(),
            holds: AtomicBool::new(false),
            cancel,
            resumed: false,
            present: Vec::new(),
            approval: None,
        }
    }

    async fn news(&self, what: News) {
        let at = self.runner.clock.now();
        self.runner.tell.tell(RunNews { run: self.id.clone(), at, what }).await;
    }

    /// Writes entries down; when this returns they are on the disk.
    async fn write_down(&self, entries: Vec<Entry>) -> Result<(), Failure> {
        let (journal, at) = (self.runner.journal.clone(), self.runner.clock.now());
        let what = "write the journal";
        match tokio::task::spawn_blocking(move || journal.append(at, &entries)).await {
            Ok(written) => written.map_err(|error| error.into_failure(what)),
            Err(error) => Err(Failure::new(FailureKind::Bug, what, error.to_string())),
        }
    }

    /// Journal, a second person where one is wanted, connections and locks; on failure every lock is given
    /// back, and nothing was changed.
    async fn begin(&mut self) -> Result<(), Unbegun> {
        let plan = self.confirmed.plan.plan();
        if let Some(refusal) = plan.refusals().next() {
            let failure = Failure::new(FailureKind::Conflict, &plan.title, refusal.found.clone());
            return Err(refusal.remedy.iter().cloned().fold(failure, Failure::hint).into());
        }
        let value = serde_json::to_value(plan)
            .map_err(|error| Failure::new(FailureKind::Bug, &plan.title, error.to_string()))?;
        self.write_down(vec![Entry::RunBegun {
            run: self.id.clone(),
            by: self.confirmed.by.clone(),
            digest: self.confirmed.plan.digest().clone(),
            plan: value,
        }])
        .await?;
        let opened = match self.approved().await {
            Ok(()) => self.opened().await.map_err(Unbegun::Failed),
            Err(unbegun) => Err(unbegun),
        };
        match opened {
            Ok(()) => {
                self.news(News::Begun).await;
                Ok(())
            }
            Err(unbegun) => {
                let (outcome, because) = match &unbegun {
                    Unbegun::Cancelled => (Outcome::Cancelled, None),
                    Unbegun::Failed(failure) => (Outcome::Failed, Some(failure.clone())),
                };
                let end = Entry::RunEnded { run: self.id.clone(), outcome, because };
                // What cannot be written any more is said on the screen all the same.
                let _ = self.write_down(vec![end]).await;
                Err(unbegun)
            }
        }
    }

    /// The locks, and the approval kept beside the plan.
    async fn opened(&mut self) -> Result<(), Failure> {
        self.open(&BTreeSet::new(), &BTreeSet::new()).await?;
        if let Err(failure) = self.still().await {
            self.give_back(self.grounds.len(), &failure).await;
            return Err(failure);
        }
        let Some(approval) = &self.approval else { return Ok(()) };
        let plan = &self.confirmed.plan;
        let kept = self.grounds.values().map(|it| approval::keep(it, &self.id, plan, approval));
        if let Some(failure) = join_all(kept).await.into_iter().find_map(Result::err) {
            self.give_back(self.grounds.len(), &failure).await;
            return Err(failure);
        }
        Ok(())
    }

    /// Connects to all servers of the plan.
    async fn reach(&mut self) -> Result<(), Failure> {
        let plan = self.confirmed.plan.plan();
        let reached = join_all(plan.places.iter().map(async |(server, place)| {
            (server.clone(), Ground::reach(&self.runner.engines, server, place).await)
        }))
        .await;
        for (server, ground) in reached {
            let mut ground = ground?;
            ground.beside = plan.beside(&server).into_iter().collect();
            self.grounds.insert(server, ground);
        }
        Ok(())
    }

    /// Connects, and takes the locks; those that are `held` by this run already are taken over, and
    /// servers on which it is `over` need none.
    async fn open(&mut self, held: &BTreeSet<ServerId>, over: &BTreeSet<ServerId>) -> Result<(), Failure> {
        if self.grounds.is_empty() {
            self.reach().await?;
        }
        let plan = self.confirmed.plan.plan();
        let holder = Holder {
            run: self.id.clone(),
            by: self.confirmed.by.clone(),
            since: self.runner.clock.now(),
            what: plan.title.clone(),
        };
        // One after the other, in the order of their names: two runs cannot each hold what the other
        // waits for.
        for (n, ground) in self.grounds.values().enumerate() {
            let opened = if over.contains(&ground.server) {
                Ok(())
            } else if held.contains(&ground.server) {
                ledger::take(ground, &holder, &self.token).await
            } else {
                ledger::open(ground, &holder, &self.confirmed.plan).await
            };
            if let Err(failure) = opened {
                self.give_back(n, &failure).await;
                return Err(failure);
            }
        }
        let stayed = join_all(self.grounds.values().map(|ground| ledger::stay(ground, &self.id))).await;
        for present in stayed {
            match present {
                Ok(present) => self.present.push(present),
                Err(failure) => {
                    self.give_back(self.grounds.len(), &failure).await;
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// Gives the first locks back, of a run that cannot begin. One that is taken up keeps them: what it
    /// left is still as it was.
    async fn give_back(&self, first: usize, failure: &Failure) {
        if self.resumed {
            return;
        }
        let end = RunEnd {
            outcome: Outcome::Failed,
            because: Some(failure.clone()),
            stands: Vec::new(),
            took: Duration::ZERO,
        };
        for ground in self.grounds.values().take(first) {
            // A lock that is not given back says whose it is.
            let _ = ledger::close(ground, &self.id, &end, &[]).await;
        }
    }

    /// Whether what was planned stands, whatever was left behind.
    fn holds(&self, outcome: Outcome) -> bool {
        outcome == Outcome::Done || (outcome == Outcome::Partial && self.holds.load(Ordering::Relaxed))
    }

    /// The servers on which what serves was changed, or may have been.
    fn touched(&self) -> BTreeSet<ServerId> {
        let begun = self.begun.lock().map(|it| it.clone()).unwrap_or_default();
        begun.into_iter().map(|(server, _)| server).collect()
    }

    /// The stages, the way back where it is needed, and the end.
    async fn go(&self, start: Instant) -> RunEnd {
        let plan = self.confirmed.plan.plan();
        let ending = self.stages(&plan.stages, true).await;
        let touched = self.touched();
        let (outcome, because) = match ending {
            Ending::Done => (Outcome::Done, None),
            Ending::Cancelled if touched.is_empty() => (Outcome::Cancelled, None),
            Ending::Failed(failure) if touched.is_empty() => (Outcome::Failed, Some(failure)),
            Ending::Cancelled => self.go_back(None, &touched).await,
            Ending::Failed(failure) => self.go_back(Some(failure), &touched).await,
            Ending::Untidy(failure) => (Outcome::Partial, Some(failure)),
        };
        self.wind_up(outcome, because, start).await
    }

    /// The end, written down everywhere.
    async fn wind_up(&self, outcome: Outcome, because: Option<Failure>, start: Instant) -> RunEnd {
        let touched = self.touched();
        let mut end =
            RunEnd { outcome, because, stands: self.stands(outcome, &touched), took: start.elapsed() };
        for problem in self.close(&end, &touched).await {
            // Done, but not written down everywhere: the next start finds it and names it.
            end.outcome = Outcome::Partial;
            end.because.get_or_insert(problem);
        }
        end.took = start.elapsed();
        end
    }
}
