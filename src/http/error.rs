//! What can go wrong in an exchange.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::certificate::Certificate;
use crate::domain::failure::{Failure, FailureKind, Retry};

/// An error of an exchange; free of secrets, whatever the request carried.
#[derive(Debug, Error)]
pub enum HttpError {
    /// The address is not one that HTTP can be spoken to.
    #[error("{0}")]
    Address(String),
    /// A part of the request cannot be sent.
    #[error("the {0} cannot be sent")]
    Request(&'static str),
    /// Nothing accepts the connection.
    #[error("no connection")]
    Connect(#[source] io::Error),
    /// No answer in time.
    #[error("no {phase} within {} ms", .after.as_millis())]
    Deadline {
        /// What was waited for.
        phase: &'static str,
        /// The deadline of the whole exchange.
        after: Duration,
    },
    /// The TLS handshake failed for another reason than the certificate.
    #[error("the TLS handshake failed")]
    Tls(#[source] io::Error),
    /// The certificate is not trusted; nothing was sent.
    #[error("the certificate is not trusted: {why}")]
    Untrusted {
        /// Why.
        why: String,
        /// What was shown.
        certificate: Box<Certificate>,
    },
    /// What came back is not HTTP, or broke off.
    #[error("{0}")]
    Broken(&'static str, #[source] hyper::Error),
    /// The pooled client failed; the address is taken out of its message.
    #[error("the request failed")]
    Client(#[source] reqwest::Error),
    /// The other side asks us to slow down.
    #[error("too many requests{}", .after.map(|after| format!(", again in {} s", after.as_secs())).unwrap_or_default())]
    RateLimited {
        /// When it takes the next.
        after: Option<Duration>,
    },
    /// A status that says no.
    #[error("it answers {status}{}", if .detail.is_empty() { String::new() } else { format!(": {}", .detail) })]
    Status {
        /// The code.
        status: u16,
        /// What the body says about it, clean and short.
        detail: String,
    },
    /// The body is larger than what is kept, and a part of it is of no use.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The body is not what was asked for.
    #[error("the answer makes no sense: {0}")]
    Nonsense(String),
    /// The roots of trust could not be read.
    #[error("{0}")]
    Roots(String),
}

impl HttpError {
    /// Its kind.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Connect(_) | Self::Tls(_) => FailureKind::Unreachable,
            Self::Client(source) if source.is_timeout() => FailureKind::Timeout,
            Self::Client(source) if source.is_connect() => FailureKind::Unreachable,
            Self::Deadline { .. } => FailureKind::Timeout,
            Self::RateLimited { .. } => FailureKind::RateLimited,
            Self::Status { status: 401, .. } => FailureKind::Auth,
            Self::Status { status: 403, .. } => FailureKind::Permission,
            Self::Status { status: 404 | 410, .. } => FailureKind::NotFound,
            Self::Status { status: 409 | 412, .. } => FailureKind::Conflict,
            Self::Roots(_) => FailureKind::Unsupported,
            _ => FailureKind::Invalid,
        }
    }

    /// For the screen: `what` is verb and object (`query prometheus`).
    pub fn into_failure(self, what: &str) -> Failure {
        let kind = self.kind();
        let retry = match &self {
            Self::RateLimited { after: Some(after) } => Retry::After(*after),
            _ => match kind {
                FailureKind::Unreachable | FailureKind::Timeout | FailureKind::RateLimited => Retry::Now,
                _ => Retry::Never,
            },
        };
        Failure { kind, what: what.to_owned(), why: Failure::chain(&self), hint: None, retry }
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error.without_url())
    }
}
