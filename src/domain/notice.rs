//! What is told of a run to people who do not look at it: where it waits for one of them, at its begin and
//! at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::Failure;
use super::ids::{AppId, EnvironmentId, ServerId};
use super::plan::{Operation, Plan};
use super::redact::redact;
use super::run::{Operator, Outcome, RunEnd, RunId};
use super::text::{clean, shorten};
use super::time::Timestamp;

/// The most characters of a reason, and of what stands on a server: a reason may end with lines of a log.
const REASON: usize = 600;
const STANDS: usize = 200;

/// When something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// A run begins.
    Started,
    /// It waits for a second person; nothing was changed yet.
    Waiting,
    /// All of it was done and verified.
    Done,
    /// It failed, was cancelled, or was done in part.
    Failed,
    /// The release before is in place again: by itself after a failure, or because it was asked for.
    RolledBack,
}

impl Occasion {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// One message. What came from elsewhere is clean, short, and without what looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When it is told.
    pub occasion: Occasion,
    /// Of which app.
    pub app: AppId,
    /// Its environment.
    pub environment: Option<EnvironmentId>,
    /// Of which run.
    pub run: RunId,
    /// What kind of change.
    pub operation: Operation,
    /// The plan's title.
    pub title: String,
    /// Who.
    pub by: Operator,
    /// When, by the console's clock.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it did not go as planned; at the start, why it is done.
    pub reason: Option<String>,
    /// What stands on each server at the end.
    pub servers: BTreeMap<ServerId, String>,
}

impl Notice {
    /// Of a run that begins.
    pub fn started(plan: &Plan, run: &RunId, by: &Operator, at: Timestamp) -> Self {
        Self {
            occasion: Occasion::Started,
            app: plan.app.clone(),
            environment: plan.environment.clone(),
            run: run.clone(),
            operation: plan.operation,
            title: tidy(&plan.title, STANDS),
            by: by.clone(),
            at,
            outcome: None,
            reason: plan.reason.as_deref().map(|it| tidy(it, REASON)),
            servers: BTreeMap::new(),
        }
    }

    /// The same of one that waits for a second person, for so long at most.
    #[must_use]
    pub fn waiting(self, at_most: Duration) -> Self {
        let (run, minutes) = (&self.run, at_most.as_secs().div_ceil(60));
        let asks = format!(
            "it waits for a second person, {minutes} min at most: midwatch approve {run}, or A in the console"
        );
        let reason = match self.reason.as_deref() {
            Some(why) => format!("{why}; {asks}"),
            None => asks,
        };
        Self { occasion: Occasion::Waiting, reason: Some(reason), ..self }
    }

    /// The same of its end; `undone` says that what was changed was put back.
    #[must_use]
    pub fn ended(self, end: &RunEnd, undone: bool, at: Timestamp) -> Self {
        let occasion = match end.outcome {
            Outcome::Done if self.operation == Operation::Rollback => Occasion::RolledBack,
            Outcome::Done => Occasion::Done,
            Outcome::Failed | Outcome::Cancelled if undone => Occasion::RolledBack,
            Outcome::Failed | Outcome::Cancelled | Outcome::Partial => Occasion::Failed,
        };
        let servers = end.stands.iter().map(|(server, how)| (server.clone(), tidy(how, STANDS)));
        let reason = end.because.as_ref().map(Failure::to_string).map(|it| tidy(&it, REASON));
        Self { occasion, at, outcome: Some(end.outcome), reason, servers: servers.collect(), ..self }
    }

    /// What it is about, in a line.
    pub fn headline(&self) -> String {
        let word = match (self.occasion, self.outcome) {
            (Occasion::Failed, Some(outcome)) => outcome.word(),
            (Occasion::RolledBack, _) => "rolled back",
            (Occasion::Waiting, _) => "waits for a second person",
            (occasion, _) => occasion.word(),
        };
        let environment = self.environment.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        format!("{}{environment}: {word}: {}", self.app, self.title)
    }

    /// What else there is to say, a line each.
    pub fn details(&self) -> Vec<String> {
        let servers = self.servers.iter().map(|(server, how)| format!("{server}: {how}"));
        let reason = self.reason.clone().into_iter();
        reason.chain(servers).chain([format!("run {} by {}", self.run, self.by)]).collect()
    }
}

fn tidy(text: &str, most: usize) -> String {
    let safe = redact(text);
    shorten(&clean(&safe), most).into_owned()
}
