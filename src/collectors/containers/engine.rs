//! The container engine of a server: its connection, and what its errors mean to a reader.

use bollard::errors::Error;

use super::super::failing::LATER;
use crate::collectors::Beat;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::text::{clean, shorten};

pub(super) use bollard::Docker;

/// The longest word of the engine that is passed on, in characters.
const LONGEST: usize = 300;

/// Connects to the engine, by its socket where the configuration names one.
pub(super) async fn connect(beat: &Beat, socket: Option<&str>, what: &str) -> Result<Docker, Failure> {
    crate::transports::docker::connect(&beat.transport, socket)
        .await
        .map_err(|error| error.into_failure(what))
}

/// An error of the engine's API.
pub(super) fn failed(error: &Error, what: &str) -> Failure {
    let why: Vec<String> =
        Failure::chain(error).iter().map(|line| shorten(&clean(line), LONGEST).into_owned()).collect();
    let (kind, retry) = match error {
        Error::DockerResponseServerError { status_code, .. } => match status_code {
            404 => (FailureKind::NotFound, Retry::Now),
            401 | 403 => (FailureKind::Permission, LATER),
            409 => (FailureKind::Conflict, Retry::Now),
            429 => (FailureKind::RateLimited, Retry::Now),
            501 => (FailureKind::Unsupported, LATER),
            _ => (FailureKind::Invalid, Retry::Now),
        },
        Error::RequestTimeoutError => (FailureKind::Timeout, Retry::Now),
        Error::JsonDataError { .. } | Error::JsonSerdeError { .. } | Error::StrParseError { .. } => {
            (FailureKind::Invalid, Retry::Now)
        }
        _ => (FailureKind::Unreachable, Retry::Now),
    };
    Failure { kind, what: what.to_owned(), why, hint: None, retry }
}

/// Whether the engine says that there is no such thing (any more).
pub(super) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}
