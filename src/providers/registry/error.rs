//! What can go wrong with a registry. Free of secrets.

use thiserror::Error;

use crate::domain::failure::{Failure, FailureKind};
use crate::http::HttpError;
use crate::transports::TransportError;

/// An error of a registry.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// No stream to it from the server.
    #[error("no connection to it")]
    Way(#[source] Box<TransportError>),
    /// The exchange failed.
    #[error(transparent)]
    Http(Box<HttpError>),
    /// It does not have the repository, or does not show it to this user.
    #[error("the registry has no repository {path}{}", said(.detail))]
    NoRepository {
        /// Its path.
        path: String,
        /// What the registry says, clean and short.
        detail: String,
    },
    /// It wants to know who asks, and what it was told does not do.
    #[error("the registry does not accept {}{}", if *.known { "the login" } else { "anonymous requests" }, said(.detail))]
    Login {
        /// Whether somebody was logged in.
        known: bool,
        /// What the registry says, clean and short.
        detail: String,
    },
    /// It asks for a login in a way that is not answered.
    #[error("the registry asks for a login that is not given: {0}")]
    Challenge(&'static str),
}

impl From<TransportError> for RegistryError {
    fn from(error: TransportError) -> Self {
        Self::Way(Box::new(error))
    }
}

impl From<HttpError> for RegistryError {
    fn from(error: HttpError) -> Self {
        Self::Http(Box::new(error))
    }
}

fn said(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

impl RegistryError {
    /// For the screen: `what` is verb and object; `host` is the registry.
    pub fn into_failure(self, what: &str, host: &str) -> Failure {
        let why = Failure::chain(&self);
        match self {
            Self::Way(error) => (*error).into_failure(what),
            Self::Http(error) => (*error).into_failure(what),
            Self::NoRepository { .. } => Failure { why, ..Failure::new(FailureKind::NotFound, what, "") }
                .hint("check the image's name in the Compose file; a private one may need a login"),
            Self::Login { .. } => Failure { why, ..Failure::new(FailureKind::Auth, what, "") }.hint(format!(
                "log in on the server, as the same user: docker login {host}; or configure [registries.NAME]"
            )),
            Self::Challenge(_) => Failure { why, ..Failure::new(FailureKind::Unsupported, what, "") },
        }
    }
}
