//! What one deploy put in place, as the ledger on the servers tells it.

pub mod lock;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::AppId;
use super::image::ImageRef;
use super::plan::PlanDigest;
use super::run::{Operator, RunId};
use super::time::Timestamp;

/// A release's number: from 1, the same on every server of the app, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseNumber(pub u32);

impl ReleaseNumber {
    /// The name of its folder: four digits at least, so that a listing is in order.
    pub fn folder(self) -> String {
        format!("{:04}", self.0)
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for ReleaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a release fared on one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseOutcome {
    /// Its run is not over, or ended without a word.
    Pending,
    /// It passed its gate and its watch.
    Good,
    /// It did not, and the one before it was put back.
    RolledBack,
    /// It did not, and what stands is not known to be good.
    Failed,
    /// Its run ended before it was applied here.
    Unapplied,
}

impl ReleaseOutcome {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Good => "good",
            Self::RolledBack => "rolled back",
            Self::Failed => "failed",
            Self::Unapplied => "not applied",
        }
    }
}

/// One release, as `release.json` in its folder holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its number.
    pub number: ReleaseNumber,
    /// The app.
    pub app: AppId,
    /// When its run began.
    pub at: Timestamp,
    /// Who ran it.
    pub by: Operator,
    /// Why, in the operator's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// The run.
    pub run: RunId,
    /// The plan.
    pub plan: PlanDigest,
    /// Whether it tells of what ran before midwatch came.
    #[serde(default)]
    pub adopted: bool,
    /// The images of the services, as they were pinned.
    pub images: BTreeMap<String, ImageRef>,
    /// How it fared here.
    pub outcome: ReleaseOutcome,
    /// Why it did not fare well.
    #[serde(default)]
    pub because: Option<String>,
    /// The migrations that ran for it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<Migration>,
}

/// A migration that ran for a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Its name.
    pub name: String,
    /// The service whose image ran it.
    pub service: String,
    /// What takes it back, in a container of that image; `None` where nothing is known to.
    pub down: Option<Vec<String>>,
    /// Whether it was taken back.
    #[serde(default)]
    pub taken_back: bool,
}

impl Release {
    /// The image it is known by: that of the service with the first name among those that were pinned.
    pub fn title(&self) -> String {
        let mut names: Vec<String> = self.images.values().map(ImageRef::name).collect();
        names.sort();
        names.dedup();
        names.join(", ")
    }
}
