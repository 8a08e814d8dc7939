//! What deploy, rollback and the daily ones share: gather, plan, show, ask, execute, tell.

mod confirm;
mod everywhere;
mod live;
pub mod text;
mod waiting;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args as ClapArgs;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::context::{self, Context};
use super::headless::Headless;
use super::{Exit, print};
use crate::domain::approval::{Verdict, Waiting};
use crate::domain::clock::Clock;
use crate::domain::deploy::{AppSpec, Place, Strategy};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::{AppId, ServerId};
use crate::domain::plan::{Act, FrozenPlan, Plan};
use crate::domain::question::NobodyThere;
use crate::domain::run::{Operator, Outcome, RunEnd, RunId};
use crate::domain::tags::TagList;
use crate::domain::time::Timestamp;
use crate::engine::approval::{Approver, Taken};
use crate::engine::gather::{Want, gather};
use crate::engine::tags::tags;
use crate::engine::unfinished::{Unfinished, find};
use crate::engine::{Confirmed, Engines, Notifying, Runner, Way, read_sent};
use crate::operations::{AppFacts, Refusal};
use crate::runtime::clock::SystemClock;
use crate::runtime::deploying;

pub use confirm::{Confirm, Consent, Given};
pub use everywhere::Standing;
pub use waiting::Wait;

/// The options that all of them have.
#[derive(Clone, Debug, ClapArgs)]
pub struct Common {
    /// Only this server; may be given several times
    #[arg(long = "server", value_name = "SERVER")]
    pub servers: Vec<String>,

    /// Only this service; may be given several times
    #[arg(long = "service", value_name = "SERVICE")]
    pub services: Vec<String>,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the option's own sentence is the help")]
    pub wait: Wait,

    #[command(flatten)]
    #[allow(missing_docs, reason = "the options' own sentences are the help")]
    pub consent: Consent,
}

/// A strategy by its word.
pub fn strategy(word: &str) -> Result<Strategy, String> {
    let words = || Strategy::ALL.map(Strategy::word).join(", ");
    let strategy = Strategy::ALL.into_iter().find(|it| it.word() == word);
    strategy.ok_or_else(|| format!("it is one of {}", words()))
}

/// How a plan and its run are shown.
#[derive(Clone, Debug, ClapArgs)]
pub struct Shown {
    /// Print the plan, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// With --dry-run: print the plan as a person would type it on its servers
    #[arg(long, requires = "dry_run", conflicts_with = "json")]
    pub shell: bool,

    /// Print JSON: the plan on one line, then a line for each thing that happens
    #[arg(long)]
    pub json: bool,
}

impl Common {
    /// The servers that were named.
    pub fn servers(&self) -> Vec<ServerId> {
        self.servers.iter().map(|name| ServerId::from(name.as_str())).collect()
    }
}

/// An app at work.
pub struct Operating {
    desk: Desk,
    /// What is configured of it.
    pub spec: AppSpec,
}

/// What changes are made with.
pub struct Desk {
    /// The configuration.
    pub context: Context,
    /// The connections.
    pub headless: Headless,
    /// How servers' engines and repositories are reached.
    pub engines: Engines,
    read_only: bool,
    /// What ends the program at an interrupt, where something else would hear it.
    heeds: Mutex<Option<AbortHandle>>,
}

/// How it went with a plan.
struct CarriedOut {
    exit: Exit,
    /// Whether nothing was begun since another run took the lock meanwhile.
    too_late: bool,
}

impl From<Exit> for CarriedOut {
    fn from(exit: Exit) -> Self {
        Self { exit, too_late: false }
    }
}

impl Operating {
    /// Finds the app in the configuration; nothing is connected to yet.
    pub fn on(args: &Args, app: &str) -> Result<Self, Failure> {
        let context = context::load(args)?;
        let spec = deploying::spec(&context.config, &AppId::from(app))?;
        Ok(Self { desk: Desk::prepare(args, context)?, spec })
    }

    /// Finds what a run belongs to: an app, or the datastore of that name.
    pub fn whoever(args: &Args, name: &str, datastore: bool) -> Result<Self, Failure> {
        let context = context::load(args)?;
        let spec = deploying::whoever(&context.config, name, datastore)?;
        Ok(Self { desk: Desk::prepare(args, context)?, spec })
    }

    /// What a run of a schedule belongs to: its folder on the schedule's server.
    pub fn schedule(args: &Args, name: &str, places: BTreeMap<ServerId, Place>) -> Result<Self, Failure> {
        let desk = Desk::prepare(args, context::load(args)?)?;
        Ok(Self { desk, spec: AppSpec::bare(AppId::from(name), places) })
    }

    /// What its servers know of a run.
    pub fn unfinished(&self, run: &RunId) -> Result<Unfinished, Failure> {
        self.desk.headless.tasks.block_on(find(&self.desk.engines, &self.spec, run))
    }

    /// Shows a run that waits, asks, and answers it.
    pub fn answer(&self, waiting: &Waiting, verdict: &Verdict, yes: bool) -> Result<Option<Taken>, Failure> {
        let given = Given { yes, name: None };
        if !confirm::confirmed(waiting.plan.plan(), given)? {
            return Ok(None);
        }
        let approver = Approver {
            engines: self.desk.engines.clone(),
            journal: deploying::journal(&self.desk.context.config)?,
            clock: Arc::new(SystemClock),
            by: deploying::operator(),
        };
        self.desk.headless.tasks.block_on(approver.answer(&self.spec, waiting, verdict)).map(Some)
    }

    /// Takes a run up again.
    pub fn resume(&self, it: &Unfinished, way: Way, confirm: &Confirm, json: bool) -> Result<Exit, Failure> {
        // The way was named, which is as good as a yes.
        let given = Given { yes: true, name: confirm.confirm.as_deref() };
        if !confirm::confirmed(it.plan.plan(), given)? {
            return Ok(Exit::Usage);
        }
        let by = deploying::operator();
        let (runner, told, cancel) = self.desk.runner(&it.plan, &by, json)?;
        let end = self.desk.headless.tasks.block_on(async {
            let end = runner.resume(it, way, by, cancel).await;
            told.finish().await;
            end
        });
        Ok(exit(&end))
    }

    /// Reads how it stands.
    pub fn facts(&self, want: &Want, only: &[String]) -> AppFacts {
        let desk = &self.desk;
        desk.headless.tasks.block_on(gather(&desk.engines, &self.spec, want, only, desk.headless.now()))
    }

    /// Lists what can be deployed of it, and says when that was.
    pub fn tags(&self) -> Result<(TagList, Timestamp), Failure> {
        let desk = &self.desk;
        let list = desk.headless.tasks.block_on(tags(&desk.engines, &self.spec, &|_| {}))?;
        Ok((list, desk.headless.now()))
    }
}

impl Desk {
    /// Connects to nothing yet.
    pub fn prepare(args: &Args, context: Context) -> Result<Self, Failure> {
        let headless = Headless::prepare(&context, args.read_only, Arc::new(NobodyThere))?;
        let engines = deploying::engines(&context.config, &headless.observers.links);
        Ok(Self { context, headless, engines, read_only: args.read_only, heeds: Mutex::default() })
    }

    /// Takes what ends the program at an interrupt, in the place of what did.
    fn heeds(&self, ends: Option<AbortHandle>) {
        let mut heeds = self.heeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *heeds, ends) {
            before.abort();
        }
    }

    /// Shows a plan, asks, and carries it out.
    pub fn carry_out(
        &self,
        planned: Result<Plan, Refusal>,
        shown: &Shown,
        given: Given<'_>,
    ) -> Result<Exit, Failure> {
        self.carried_out(planned, shown, given).map(|done| done.exit)
    }

    fn carried_out(
        &self,
        planned: Result<Plan, Refusal>,
        shown: &Shown,
        given: Given<'_>,
    ) -> Result<CarriedOut, Failure> {
        let plan = match planned {
            Ok(plan) => plan,
            Err(Refusal::Unreachable(lost)) => {
                for (server, failure) in &lost {
                    eprintln!("midwatch: {server}: {failure}");
                }
                let first = lost.into_iter().next().map(|(_, failure)| failure);
                // Nothing was begun: what is not of the way was refused.
                return Ok(match first.map(|failure| Exit::of(&failure)) {
                    Some(Exit::Unreachable) => Exit::Unreachable.into(),
                    _ => Exit::Usage.into(),
                });
            }
            Err(Refusal::Senseless(failure)) => return Err(failure),
        };
        let frozen = FrozenPlan::freeze(plan)
            .map_err(|error| Failure::new(FailureKind::Bug, "freeze the plan", error.to_string()))?;
        if shown.json {
            print(frozen.bytes());
        } else if shown.shell {
            print(&frozen.plan().as_shell(&self.sent(frozen.plan())?));
        } else {
            print(&text::plan(frozen.plan(), frozen.digest()));
        }
        if frozen.plan().refusals().next().is_some() {
            return Ok(Exit::Usage.into());
        }
        if shown.dry_run {
            return Ok(Exit::Well.into());
        }
        if self.read_only {
            let failure = Failure::new(FailureKind::Permission, &frozen.plan().title, "this is --read-only");
            return Err(failure);
        }
        if !confirm::confirmed(frozen.plan(), given)? {
            return Ok(Exit::Usage.into());
        }
        self.execute(frozen, shown.json)
    }

    /// The texts of what a plan sends from here.
    fn sent(&self, plan: &Plan) -> Result<BTreeMap<String, String>, Failure> {
        let mut files = BTreeMap::new();
        for (_, step) in plan.steps() {
            // What is in an environment is shown nowhere.
            if let Act::Send { from, env: false, .. } = &step.act
                && !files.contains_key(from)
            {
                let sent = self.headless.tasks.block_on(read_sent(from, &plan.title))?;
                files.insert(from.clone(), sent.text);
            }
        }
        Ok(files)
    }

    fn execute(&self, plan: FrozenPlan, json: bool) -> Result<CarriedOut, Failure> {
        let by = deploying::operator();
        let (runner, told, cancel) = self.runner(&plan, &by, json)?;
        let confirmed = Confirmed { plan, by };
        let end = self.headless.tasks.block_on(async {
            let (_, end) = runner.run(&confirmed, cancel).await;
            told.finish().await;
            end
        });
        let locked = |it: &Failure| it.kind == FailureKind::Conflict && it.retry == Retry::Now;
        let too_late = end.stands.is_empty() && end.because.as_ref().is_some_and(locked);
        Ok(CarriedOut { exit: exit(&end), too_late })
    }

    /// What executes, and what cancels it: the first interrupt at the next safe point.
    fn runner(
        &self,
        plan: &FrozenPlan,
        by: &Operator,
        json: bool,
    ) -> Result<(Runner, Arc<Notifying>, CancellationToken), Failure> {
        self.heeds(None);
        let cancel = CancellationToken::new();
        let journal = deploying::journal(&self.context.config)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let _within = self.headless.tasks.enter();
        let lines = Arc::new(live::Lines::new(plan, json));
        let told = Notifying::over(lines, &self.context.config.notify, plan, by, &clock);
        let tell = Arc::<Notifying>::clone(&told);
        let runner = Runner { engines: self.engines.clone(), journal, clock, tell };
        let ends = cancel.clone();
        self.headless.tasks.spawn(async move {
            // A second one ends the program: what stands is found by the next start.
            if tokio::signal::ctrl_c().await.is_ok() {
                eprintln!("midwatch: it is cancelled at the next safe point; once more ends this at once");
                ends.cancel();
                if tokio::signal::ctrl_c().await.is_ok() {
                    crate::runtime::defects::flush();
                    std::process::exit(130);
                }
            }
        });
        Ok((runner, told, cancel))
    }
}

/// What the shell is told of how it ended.
fn exit(end: &RunEnd) -> Exit {
    match end.outcome {
        Outcome::Done => Exit::Well,
        Outcome::Partial => Exit::Partial,
        // It was given up while it waited for a second person.
        Outcome::Cancelled if end.stands.is_empty() => Exit::Usage,
        Outcome::Cancelled => Exit::Problem,
        Outcome::Failed => match &end.because {
            // Nothing was begun.
            Some(failure) if end.stands.is_empty() => match failure.kind {
                FailureKind::Conflict => Exit::Usage,
                _ => Exit::of(failure),
            },
            _ => Exit::Problem,
        },
    }
}
