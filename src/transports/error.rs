//! What can go wrong on the way to a server.

use std::time::Duration;

use thiserror::Error;

use crate::domain::failure::{Failure, FailureKind, Retry};

/// An error of a transport, with its source.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The connection, or the channel, is gone.
    #[error("the connection was closed")]
    Closed,
    /// Reading or writing failed.
    #[error("reading or writing failed")]
    Io(#[source] std::io::Error),
    /// No answer in time.
    #[error("no answer to {what} within {} ms", .after.as_millis())]
    Deadline {
        /// What was asked.
        what: String,
        /// The deadline.
        after: Duration,
    },
}

impl TransportError {
    /// For the screen: `what` is verb and object (`list containers`).
    pub fn into_failure(self, what: &str) -> Failure {
        let kind = match &self {
            Self::Closed | Self::Io(_) => FailureKind::Unreachable,
            Self::Deadline { .. } => FailureKind::Timeout,
        };
        Failure { kind, what: what.to_owned(), why: Failure::chain(&self), hint: None, retry: Retry::Now }
    }
}
