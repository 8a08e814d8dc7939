//! What a journal's line tells.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::failure::Failure;
use crate::domain::ids::{ContainerId, ServerId};
use crate::domain::plan::{PlanDigest, StepId};
use crate::domain::run::{Operator, Outcome, RunId};
use crate::domain::time::Timestamp;

/// One thing that is recorded. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub enum Entry {
    /// A run is about to begin.
    RunBegun {
        /// The run.
        run: RunId,
        /// Whose.
        by: Operator,
        /// The digest of the plan that was confirmed.
        digest: PlanDigest,
        /// The plan.
        plan: Value,
    },
    /// A run waits for a second person.
    ApprovalAsked {
        /// The run.
        run: RunId,
        /// The digest of its plan.
        digest: PlanDigest,
        /// Who asks.
        by: Operator,
        /// The fingerprint of the key that they are logged in with.
        key: String,
    },
    /// A second person approved a run: in the journal of whoever asked, and in their own.
    ApprovalGiven {
        /// The run.
        run: RunId,
        /// The digest of its plan.
        digest: PlanDigest,
        /// Who approved, as their console says.
        by: Operator,
        /// The fingerprint of the key that signed.
        key: String,
        /// SHA-256 over the signature's text, in hex.
        signature: String,
    },
    /// A run that ended without a word is taken up.
    RunTaken {
        /// The run.
        run: RunId,
        /// By whom.
        by: Operator,
        /// To finish, undo or leave it.
        way: String,
        /// The digest of its plan.
        digest: PlanDigest,
    },
    /// A step is about to begin.
    StepBegun {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Where.
        server: ServerId,
        /// What is sent, as a shell takes it.
        command: String,
    },
    /// A step is over.
    StepEnded {
        /// The run.
        run: RunId,
        /// The step.
        step: StepId,
        /// Where.
        server: ServerId,
        /// The exit code of its command, where it had one.
        exit: Option<i32>,
        /// How long it took.
        took: Duration,
        /// A word of what was found.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        said: String,
        /// Why it failed, where it did.
        failure: Option<Failure>,
    },
    /// A run is over.
    RunEnded {
        /// The run.
        run: RunId,
        /// How.
        outcome: Outcome,
        /// Why, where it is not done.
        because: Option<Failure>,
    },
    /// A command is about to run in a container, a shell for the most part.
    ExecBegun {
        /// Its name here.
        run: RunId,
        /// Whose.
        by: Operator,
        /// Where.
        server: ServerId,
        /// In which container, by its name.
        container: String,
        /// Its engine's id.
        id: ContainerId,
        /// The command as a shell takes it, secrets masked; what is typed into it is written nowhere.
        command: String,
    },
    /// It is over.
    ExecEnded {
        /// Its name here.
        run: RunId,
        /// Its exit code, where that is known.
        exit: Option<i32>,
        /// How long it was there.
        took: Duration,
        /// Why it is over, where it did not end by itself.
        failure: Option<Failure>,
    },
    /// The last line of the file had no end: whoever wrote it was killed. It stands here as it was.
    Torn {
        /// What was there.
        text: String,
    },
}

/// An entry as it stands in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// Its number, from 1, one more with each.
    pub seq: u64,
    /// When, by the console's clock.
    pub at: Timestamp,
    /// The hash of the line before; 64 zeros for the first.
    pub before: String,
    /// What it tells.
    #[serde(flatten)]
    pub entry: Entry,
}
