//! The parts of a plan: stages one after the other, in each a lane a server side by side, in each
//! lane steps one after the other.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Act;
use crate::domain::ids::ServerId;

/// A step's number in its plan, from 1, unique over the undo too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u16);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What has to be over, everywhere, before the next begins. A run can be cancelled between stages,
/// and between steps that change nothing that serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What it is for: `pull`, `replace on web-1`.
    pub title: String,
    /// The servers, side by side.
    pub lanes: Vec<Lane>,
    /// Whether it only tidies up behind a change that holds: a failure in it takes nothing back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tidies: bool,
    /// Of the way back: it is gone only where one of these steps was begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_after: Vec<StepId>,
}

/// One server's part of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The server.
    pub server: ServerId,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number.
    pub id: StepId,
    /// What it does, for the reader: `pull shop:1.2`.
    pub title: String,
    /// What it does.
    pub act: Act,
    /// How long it may take.
    pub deadline: Duration,
}

impl Lane {
    /// Where it is, for the reader: its server, or here.
    pub fn place(&self) -> &str {
        self.steps.first().map_or(self.server.as_str(), |step| step.place(&self.server))
    }
}

impl Step {
    /// Where it is done, for the reader: its lane's server, or here.
    pub fn place<'a>(&self, server: &'a ServerId) -> &'a str {
        if self.act.is_here() { "here" } else { server.as_str() }
    }
}
