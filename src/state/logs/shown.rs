//! One source on the page: how its stream stands.

use crate::domain::failure::{Failure, Retry};
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::store::logs::SourceId;

/// A source that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Which.
    pub source: LogSource,
    /// Its short name in the store.
    pub id: SourceId,
    /// How its stream stands.
    pub stream: Stream,
    /// Before when no line was asked for; `None` where all was.
    pub back_to: Option<Timestamp>,
    /// Whether what comes is of a stream that was given up for another, until that one begins.
    pub stale: bool,
    /// What stands before all that and is read now, where something is.
    pub reach: Option<Reach>,
}

/// A part of a log that is read because someone went back further than what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The time from which on it is read.
    pub from: Timestamp,
    /// Whether it began: what comes before that is of one that was given up.
    pub begun: bool,
}

/// Where a stream stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stream {
    /// It was asked for, and nothing came yet.
    Opening {
        /// Since when.
        since: Timestamp,
    },
    /// Lines come as they are written.
    Following,
    /// It does not.
    Failed {
        /// Since when.
        since: Timestamp,
        /// Why.
        failure: Failure,
    },
}

impl Stream {
    /// Takes a failure; one after another is the same trouble, since the first.
    pub fn fail(&mut self, failure: Failure, at: Timestamp) {
        let since = if let Self::Failed { since, .. } = self { *since } else { at };
        *self = Self::Failed { since, failure };
    }

    /// One word for a row.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opening { .. } => "opening",
            Self::Following => "following",
            Self::Failed { failure, .. } if failure.retry == Retry::Never => "failed",
            Self::Failed { .. } => "reconnecting",
        }
    }

    /// Since when and why it does not follow, where it does not.
    pub fn trouble(&self) -> Option<(Timestamp, &Failure)> {
        match self {
            Self::Failed { since, failure } => Some((*since, failure)),
            _ => None,
        }
    }
}
