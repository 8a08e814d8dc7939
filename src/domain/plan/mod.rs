//! What will be done, frozen: ordered steps, their targets, what they interrupt, how they are undone.
//!
//! A plan holds no secret: it is shown, printed, kept on the servers and in the journal.

pub mod act;
pub mod change;
pub mod expected;
pub mod finding;
pub mod maintain;
mod nature;
pub mod overlay;
pub mod rewind;
mod rewind_exchange;
pub mod rewind_programs;
mod rewind_shell;
pub mod shell;
mod shell_beside;
pub mod shell_data;
mod shell_gate;
pub mod step;
pub mod traffic;
pub mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::datastore::folder;
use super::deploy::Place;
use super::ids::{AppId, EnvironmentId, ServerId};
use super::release::ReleaseNumber;
use super::setup::Guard;
use super::time::Timestamp;
pub use act::Act;
pub use change::Change;
pub use finding::{Finding, Judgement};
pub use maintain::{Before, Maintain};
pub use rewind::Rewind;
pub use rewind_exchange::Exchange;
pub use step::{Lane, Stage, Step, StepId};

/// The format that is written; one that is newer is not carried out.
pub const FORMAT: u32 = 1;

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A new release.
    Deploy,
    /// An earlier release again.
    Rollback,
    /// The containers stopped and started, as they are.
    Restart,
    /// The containers stopped.
    Stop,
    /// The containers started.
    Start,
    /// Another number of containers of a service.
    Scale,
    /// Images brought onto the servers; what runs stays as it is.
    Pull,
    /// What visitors of the app are told by its proxy, in its place or again not.
    Maintenance,
    /// A copy of a datastore in a repository.
    Backup,
    /// A backup brought back, beside what stands or in its place.
    Restore,
    /// What a restore replaced, in its place again.
    Undo,
    /// A restore that is rehearsed, in a database of its own.
    Drill,
    /// A timer that backs a datastore up, or rehearses restoring it.
    Schedule,
    /// Such a timer taken away.
    Unschedule,
    /// What nothing keeps, taken out of a repository, with the room it took.
    Prune,
    /// A repository looked through for damage.
    RepoCheck,
    /// Locks that nobody holds any more, taken out of a repository.
    RepoUnlock,
    /// Another password for a repository.
    RepoAddKey,
}

impl Operation {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rollback => "rollback",
            Self::Restart => "restart",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Scale => "scale",
            Self::Pull => "pull",
            Self::Maintenance => "maintenance",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Undo => "undo",
            Self::Drill => "drill",
            Self::Schedule => "schedule",
            Self::Unschedule => "unschedule",
            Self::Prune => "prune",
            Self::RepoCheck => "repo-check",
            Self::RepoUnlock => "repo-unlock",
            Self::RepoAddKey => "repo-add-key",
        }
    }

    /// Whether it is one of a datastore, and not of an app.
    pub const fn is_of_a_datastore(self) -> bool {
        matches!(self, Self::Backup | Self::Restore | Self::Undo | Self::Drill)
    }

    /// Whether it is one of a schedule, which has its own folder on the server that it is on.
    pub const fn is_of_a_schedule(self) -> bool {
        matches!(self, Self::Schedule | Self::Unschedule)
    }

    /// Whether it is one of a repository of backups.
    pub const fn is_of_a_repository(self) -> bool {
        matches!(self, Self::Prune | Self::RepoCheck | Self::RepoUnlock | Self::RepoAddKey)
    }

    /// That of this word.
    pub fn of(word: &str) -> Option<Self> {
        serde_json::from_value(word.into()).ok()
    }
}

/// A plan, before it is frozen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its format, see [`FORMAT`].
    pub format: u32,
    /// What it is.
    pub operation: Operation,
    /// To which app; of a backup or a restore the datastore's name, of a prune the repository's.
    pub app: AppId,
    /// Its environment.
    pub environment: Option<EnvironmentId>,
    /// How it is confirmed.
    pub guard: Guard,
    /// The whole in a line: `deploy shop 1.2 to web-1 and web-2`.
    pub title: String,
    /// When its facts were gathered.
    pub as_of: Timestamp,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Where the app is on each server.
    pub places: BTreeMap<ServerId, Place>,
    /// What will be otherwise.
    pub changes: Vec<Change>,
    /// What was looked at before.
    pub findings: Vec<Finding>,
    /// What it interrupts, a line each; empty where nothing is interrupted.
    pub interrupts: Vec<String>,
    /// The release that a rollback goes away from, where there is one.
    #[serde(default)]
    pub leaves: Option<ReleaseNumber>,
    /// The steps.
    pub stages: Vec<Stage>,
    /// What is done on the servers that were touched where a stage fails.
    pub undo: Vec<Stage>,
    /// How it is undone, in a line.
    pub undone_by: String,
}

impl Plan {
    /// All steps, those of the undo last.
    pub fn steps(&self) -> impl Iterator<Item = (&ServerId, &Step)> {
        let lanes = self.stages.iter().chain(&self.undo).flat_map(|stage| &stage.lanes);
        lanes.flat_map(|lane| lane.steps.iter().map(|step| (&lane.server, step)))
    }

    /// The servers it touches, in the order of their names: that in which locks are taken.
    pub fn servers(&self) -> impl Iterator<Item = &ServerId> {
        self.places.keys()
    }

    /// What stands in its way and was not overridden.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.judgement == Judgement::Refused)
    }
}

impl Plan {
    /// Whether what it is of is a datastore, by whose name it goes, and no app.
    pub fn is_of_a_datastore(&self) -> bool {
        let own = |step: &Step| step.act.datastore().is_some_and(|it| it.as_str() == self.app.as_str());
        self.operation.is_of_a_datastore() && self.steps().any(|(_, step)| own(step))
    }

    /// The folders on a server whose locks are taken beside that of its place: those of the datastores that
    /// an app's restore, or its undo, brings back there.
    pub fn beside(&self, server: &ServerId) -> BTreeSet<String> {
        if !matches!(self.operation, Operation::Restore | Operation::Undo) {
            return BTreeSet::new();
        }
        let own = self.places.get(server).map(|place| place.directory.as_str());
        let here = self.steps().filter(|(at, _)| *at == server);
        let folders = here.filter_map(|(_, step)| Some(folder(step.act.datastore()?)));
        folders.filter(|it| Some(it.as_str()) != own).collect()
    }

    /// Whether another run stands in its way, and nothing but what that one may bring about: once it is over
    /// there may be a plan.
    pub fn awaits_lock(&self) -> bool {
        const ITS: [&str; 4] = ["lock", "health", "ports", "proxy"];
        // A repository's own lock is none that can be looked at in a folder of a server.
        let is_there = |it: &Finding| it.server.as_ref().is_some_and(|it| self.places.contains_key(it));
        self.refusals().any(|it| it.check == "lock" && is_there(it))
            && self.refusals().all(|it| it.check != "lock" || is_there(it))
            && self.refusals().all(|it| ITS.contains(&it.check.as_str()))
    }
}

/// The digest of a frozen plan: SHA-256 over its bytes, in hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// Of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// The whole.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Bytes as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A plan as it was confirmed, and will be carried out: it cannot be changed any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FrozenPlan {
    plan: Plan,
    bytes: String,
    digest: PlanDigest,
}

/// Why bytes are no plan of ours.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// They cannot be read.
    #[error("it cannot be read as a plan")]
    Unreadable(#[from] serde_json::Error),
    /// They are of a later midwatch.
    #[error("it is of format {0}, of a later midwatch")]
    Format(u32),
}

impl TryFrom<String> for FrozenPlan {
    type Error = BadPlan;
    fn try_from(bytes: String) -> Result<Self, BadPlan> {
        Self::read(&bytes)
    }
}

impl From<FrozenPlan> for String {
    fn from(plan: FrozenPlan) -> Self {
        plan.bytes
    }
}

impl FrozenPlan {
    /// Freezes a plan.
    pub fn freeze(plan: Plan) -> Result<Self, BadPlan> {
        let bytes = serde_json::to_string(&plan)?;
        let digest = PlanDigest::of(bytes.as_bytes());
        Ok(Self { plan, bytes, digest })
    }

    /// Reads a frozen one back.
    pub fn read(bytes: &str) -> Result<Self, BadPlan> {
        let plan: Plan = serde_json::from_str(bytes)?;
        if plan.format > FORMAT {
            return Err(BadPlan::Format(plan.format));
        }
        Ok(Self { plan, bytes: bytes.to_owned(), digest: PlanDigest::of(bytes.as_bytes()) })
    }

    /// The plan.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its bytes: one line of JSON.
    pub fn bytes(&self) -> &str {
        &self.bytes
    }

    /// Its digest.
    pub const fn digest(&self) -> &PlanDigest {
        &self.digest
    }
}
