//! One execution of a plan: its name, who ran it, what it told, how it ended.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::ids::ServerId;
use super::plan::{PlanDigest, StepId};
use super::quantity::Bytes;
use super::time::Timestamp;

/// A run's name: when it began and the first digits of its plan's digest, in letters that a file's
/// name may have; names sort by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// Of a run that begins now.
    pub fn new(at: Timestamp, plan: &PlanDigest) -> Self {
        // `2026-11-21T03:00:00.123Z` without what stands between the digits.
        let digits: String = at.rfc3339().chars().filter(char::is_ascii_digit).collect();
        Self(format!("{digits}-{}", plan.short()))
    }

    /// Of a command in a container that begins now; it has no plan.
    pub fn of_exec(at: Timestamp) -> Self {
        let digits: String = at.rfc3339().chars().filter(char::is_ascii_digit).collect();
        Self(format!("{digits}-exec"))
    }

    /// Whether it is a run of this plan, as far as its name says.
    pub fn is_of(&self, plan: &PlanDigest) -> bool {
        self.0.ends_with(&format!("-{}", plan.short()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that names no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run's name is made of digits, lower-case letters and `-`")]
pub struct BadRunId;

impl TryFrom<String> for RunId {
    type Error = BadRunId;
    fn try_from(text: String) -> Result<Self, BadRunId> {
        let good = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(good) { Ok(Self(text)) } else { Err(BadRunId) }
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who runs something: the console's user and machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operator {
    /// The user's name.
    pub user: String,
    /// The machine that the console runs on.
    pub machine: String,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}@{}", self.user, self.machine))
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All of it was done and verified.
    Done,
    /// It failed, and everything stands as before, verified.
    Failed,
    /// Something was done and something not, and it was not put back.
    Partial,
    /// It was ended at a safe point, and everything stands as before.
    Cancelled,
}

impl Outcome {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a run tells while it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunNews {
    /// Which run.
    pub run: RunId,
    /// When, by the console's clock.
    pub at: Timestamp,
    /// What.
    pub what: News,
}

/// One thing that a run tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It waits for a second person, for so long at most; nothing is changed.
    Waits(Duration),
    /// What was taken for an approval is none, and why; it waits on.
    Unapproved(String),
    /// A second person approved: who.
    Approved(String),
    /// It holds the locks and begins.
    Begun,
    /// A stage begins, with its title.
    Stage(String),
    /// A step begins.
    StepBegun(StepId),
    /// How far a step is.
    Progress(StepId, Progress),
    /// A step ended well, with a word of what was found, after so long.
    StepDone(StepId, String, Duration),
    /// A step failed.
    StepFailed(StepId, Failure),
    /// The way back begins, and why.
    Undoing(String),
    /// It is over.
    Ended(RunEnd),
    /// Somebody who was to be told of it was not: who, and why. It may come behind the end, and changes
    /// nothing.
    Untold(String, Failure),
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Bytes of an image that came, of all that is known of so far.
    Pulled {
        /// Here already.
        done: Bytes,
        /// In all.
        total: Bytes,
    },
    /// A word for the reader.
    Saying(String),
}

/// How a run ended, and what stands where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// How.
    pub outcome: Outcome,
    /// Why, where it is not done.
    pub because: Option<Failure>,
    /// What stands on each server now.
    pub stands: Vec<(ServerId, String)>,
    /// How long it took.
    pub took: Duration,
}
