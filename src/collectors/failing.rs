//! How failures of channels and commands become the one shape that is shown. No policy here.

use std::time::Duration;

use crate::domain::failure::Failure;
use crate::transports::TransportError;
use crate::transports::exec::{Exec, Output};
pub(super) use crate::transports::failed::{LATER, command_failed};

/// How long to wait for the exit status and last words of a command whose output ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How much of its last words is kept.
const WORDS_LIMIT: usize = 4096;

/// An error of the transport.
pub(super) fn transport_failed(error: TransportError, what: impl AsRef<str>) -> Failure {
    error.into_failure(what.as_ref())
}

/// A long-lived command whose output ended although it should not have.
pub(super) async fn channel_ended(exec: &mut Exec, what: String) -> Failure {
    let mut complaint = Vec::new();
    let words = async {
        let mut stderr = tokio::io::AsyncReadExt::take(&mut exec.stderr, WORDS_LIMIT as u64);
        // Whatever was read before an error is all there is to say.
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stderr, &mut complaint).await;
        (&mut exec.status).await
    };
    match tokio::time::timeout(LAST_WORDS, words).await {
        Ok(Ok(Ok(status))) => {
            let output = Output { status, stdout: Vec::new(), stderr: complaint, truncated: false };
            command_failed(&output, what)
        }
        Ok(Ok(Err(error))) => transport_failed(error, what),
        Ok(Err(_)) | Err(_) => transport_failed(TransportError::Closed, what),
    }
}
