//! Changes of apps: planning them, carrying them out, finding those that were interrupted. Each in a
//! task of its own; the loop only hears of it.

mod adopting;
mod browsing;
mod datastores;
mod listing;
mod otherwise;
mod planning;
mod relay;
mod search;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::domain::approval::{Verdict, Waiting};
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::plan::FrozenPlan;
use crate::domain::unfinished::{Unfinished, Way};
use crate::engine::approval::{Approver, Taken};
use crate::engine::gather::{Want, gather};
use crate::engine::{Confirmed, Notifying, Runner};
use crate::message::change::{Asked, Ledger, Ledgers};
use crate::message::effect::Effect;
use crate::message::event::{Event, Reply};
use crate::message::publish::Publish;
use crate::runtime::deploying;
use crate::runtime::effects::Permit;
use crate::runtime::observers::Observers;
use relay::Relay;

/// The runs that go on, by what their news are named, and what ends them.
type Runs = Arc<Mutex<BTreeMap<RequestId, CancellationToken>>>;

/// What each of the tasks works with.
#[derive(Clone)]
struct Means {
    observers: Arc<Observers>,
    clock: Arc<dyn Clock>,
    out: Arc<dyn Publish>,
}

/// Carries out what changes apps.
pub struct Changer {
    tasks: Handle,
    means: Means,
    planning: Option<AbortHandle>,
    listing: Option<AbortHandle>,
    browsing: Option<AbortHandle>,
    searching: BTreeMap<AppId, AbortHandle>,
    runs: Runs,
    permit: Permit,
}

impl Changer {
    /// Works with these; nothing is done before it is asked for, and only what is permitted.
    pub fn new(
        tasks: Handle,
        observers: Arc<Observers>,
        clock: Arc<dyn Clock>,
        out: Arc<dyn Publish>,
        permit: Permit,
    ) -> Self {
        let means = Means { observers, clock, out };
        Self {
            tasks,
            means,
            planning: None,
            listing: None,
            browsing: None,
            searching: BTreeMap::new(),
            runs: Runs::default(),
            permit,
        }
    }

    /// Carries out an effect; one that is of another kind is not for this.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Plan(request, asked) => self.plan(request, asked),
            Effect::Unplan => {
                if let Some(planning) = self.planning.take() {
                    planning.abort();
                }
            }
            Effect::AwaitLock(request, places) => {
                let means = self.means.clone();
                self.look(planning::lock(means, request, places));
            }
            Effect::Releases(request, app) => self.releases(request, app),
            Effect::Tags(request, app) => self.tags(request, app),
            Effect::Run(request, plan) => self.run(request, Work::Plan(plan)),
            Effect::Resume(request, it, way) => self.run(request, Work::Resume(it, way)),
            Effect::CancelRun(request) => {
                let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(cancel) = runs.get(&request) {
                    cancel.cancel();
                }
            }
            Effect::LookUnfinished(app) => self.search(app),
            Effect::Approve(request, it, verdict) => self.approve(request, it, verdict),
            Effect::Files(request, of, id, under) => {
                self.browse(browsing::files(self.means.clone(), request, of, id, under));
            }
            Effect::FindFiles(request, of, typed) => {
                self.browse(browsing::find(self.means.clone(), request, of, typed));
            }
            Effect::Unbrowse => {
                if let Some(browsing) = self.browsing.take() {
                    browsing.abort();
                }
            }
            Effect::Adopt(request, project, servers) => self.adopt(request, project, servers),
            Effect::AddApps(request, apps, text) => self.add_apps(request, apps, text),
            _ => {}
        }
    }

    fn plan(&mut self, request: RequestId, asked: Asked) {
        let means = self.means.clone();
        self.look(async move {
            let reply = planning::plan(&means, request, &asked).await;
            means.out.control(Event::Reply(request, reply)).await;
        });
    }

    /// What the page of a plan waits for, in the place of what it waited for.
    fn look(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(work);
        if let Some(earlier) = self.planning.replace(task.abort_handle()) {
            earlier.abort();
        }
    }

    fn tags(&mut self, request: RequestId, app: AppId) {
        let task = self.tasks.spawn(listing::list(self.means.clone(), request, app));
        if let Some(earlier) = self.listing.replace(task.abort_handle()) {
            earlier.abort();
        }
    }

    fn browse(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(work);
        if let Some(earlier) = self.browsing.replace(task.abort_handle()) {
            earlier.abort();
        }
    }

    fn releases(&self, request: RequestId, app: AppId) {
        let means = self.means.clone();
        self.tasks.spawn(async move {
            let reply = match means.ledgers(&app).await {
                Ok(ledgers) => Reply::Releases(ledgers),
                Err(failure) => Reply::Failed(failure),
            };
            means.out.control(Event::Reply(request, reply)).await;
        });
    }

    fn search(&mut self, app: AppId) {
        let task = self.tasks.spawn(search::search(self.means.clone(), app.clone()));
        if let Some(earlier) = self.searching.insert(app, task.abort_handle()) {
            earlier.abort();
        }
    }

    fn approve(&self, request: RequestId, it: Box<Waiting>, verdict: Verdict) {
        let (means, read_only) = (self.means.clone(), self.permit.read_only);
        self.tasks.spawn(async move {
            let answered = if read_only {
                Err(Failure::new(FailureKind::Permission, "answer a run", "this is --read-only"))
            } else {
                means.answer(&it, &verdict).await
            };
            let reply = match answered {
                Ok(said) => Reply::Done(said.to_owned()),
                Err(failure) => Reply::Failed(failure),
            };
            means.out.control(Event::Reply(request, reply)).await;
        });
    }

    fn adopt(&self, request: RequestId, project: String, servers: Vec<ServerId>) {
        let (means, file) = (self.means.clone(), self.permit.file.clone());
        self.tasks.spawn(async move {
            let reply = match file {
                Some(file) => adopting::offer(&means, &file, &project, &servers).await,
                None => Reply::Failed(nowhere(&project)),
            };
            means.out.control(Event::Reply(request, reply)).await;
        });
    }

    fn add_apps(&self, request: RequestId, apps: Vec<AppId>, text: String) {
        let (means, file) = (self.means.clone(), self.permit.file.clone());
        let read_only = self.permit.read_only;
        self.tasks.spawn(async move {
            let reply = match file {
                _ if read_only => Reply::Failed(Failure::new(
                    FailureKind::Permission,
                    "change the configuration",
                    "this is --read-only",
                )),
                Some(file) => adopting::write(file, apps, text).await,
                None => Reply::Failed(nowhere("it")),
            };
            means.out.control(Event::Reply(request, reply)).await;
        });
    }

    fn run(&self, request: RequestId, work: Work) {
        let (means, cancel) = (self.means.clone(), CancellationToken::new());
        if self.permit.read_only {
            let failure = Failure::new(FailureKind::Permission, "change anything", "this is --read-only");
            self.tasks.spawn(async move {
                means.out.control(Event::Reply(request, Reply::Failed(failure))).await;
            });
            return;
        }
        let runs = Arc::clone(&self.runs);
        runs.lock().unwrap_or_else(PoisonError::into_inner).insert(request, cancel.clone());
        self.tasks.spawn(async move {
            let relay = Arc::new(Relay::default());
            let carried_out = async {
                let carried_out = means.carry_out(work, Arc::clone(&relay), cancel).await;
                relay.close();
                carried_out
            };
            let (carried_out, ()) = tokio::join!(carried_out, relay.forward(request, &*means.out));
            if let Err(failure) = carried_out {
                means.out.control(Event::Reply(request, Reply::Failed(failure))).await;
            }
            runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        });
    }
}

fn nowhere(project: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("adopt {project}"), "there is no configuration file")
        .hint("midwatch init writes one")
}

/// What a run is of.
enum Work {
    /// A plan that was confirmed.
    Plan(Box<FrozenPlan>),
    /// A run that was interrupted.
    Resume(Box<Unfinished>, Way),
}

impl Means {
    /// Runs to the end, all of which is told; fails only where it cannot even be begun.
    async fn carry_out(
        &self,
        work: Work,
        tell: Arc<Relay>,
        cancel: CancellationToken,
    ) -> Result<(), Failure> {
        let config = self.observers.config();
        let by = deploying::operator();
        let plan = match &work {
            Work::Plan(plan) => plan,
            Work::Resume(it, _) => &it.plan,
        };
        let tell = Notifying::over(tell, &config.notify, plan, &by, &self.clock);
        let runner = Runner {
            engines: deploying::engines(&config, &self.observers.links),
            journal: deploying::journal(&config)?,
            clock: Arc::clone(&self.clock),
            tell: Arc::<Notifying>::clone(&tell),
        };
        match work {
            Work::Plan(plan) => {
                runner.run(&Confirmed { plan: *plan, by }, cancel).await;
            }
            Work::Resume(it, way) => {
                runner.resume(&it, way, by, cancel).await;
            }
        }
        self.observers.telling.track_future(tell.finish()).await;
        Ok(())
    }

    /// Answers a run that waits; what came of it.
    async fn answer(&self, it: &Waiting, verdict: &Verdict) -> Result<&'static str, Failure> {
        let config = self.observers.config();
        let plan = it.plan.plan();
        let spec = deploying::whoever(&config, plan.app.as_str(), plan.operation.is_of_a_datastore())?;
        let approver = Approver {
            engines: deploying::engines(&config, &self.observers.links),
            journal: deploying::journal(&config)?,
            clock: Arc::clone(&self.clock),
            by: deploying::operator(),
        };
        let taken = approver.answer(&spec, it, verdict).await?;
        Ok(match (verdict, taken) {
            (Verdict::Deny(_), _) => "denied: the run ends, and nothing was changed",
            (Verdict::Approve, Taken::Yes) => "approved: the run goes on",
            (Verdict::Approve, Taken::NotYet) => "approved; the run has not looked at it yet",
        })
    }

    async fn ledgers(&self, app: &AppId) -> Result<Ledgers, Failure> {
        let config = self.observers.config();
        let spec = deploying::spec(&config, app)?;
        let engines = deploying::engines(&config, &self.observers.links);
        let facts = gather(&engines, &spec, &Want::Standing, &[], self.clock.now()).await;
        let ledger = |facts: crate::operations::ServerFacts| Ledger {
            current: facts.current,
            releases: facts.releases,
        };
        let servers = facts.servers.into_iter().map(|(server, facts)| (server, facts.map(ledger)));
        Ok(Ledgers { servers: servers.collect() })
    }
}
