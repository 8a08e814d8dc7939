//! A command under way on a server.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::oneshot;

use super::error::TransportError;
use crate::domain::text::last_words;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// By itself, with this code.
    Code(u32),
    /// By a signal, named without `SIG`.
    Signal(String),
}

/// A running command. Dropping all three parts ends it: it is sent `SIGTERM`, then its channel is
/// closed.
pub struct Exec {
    /// Its standard output.
    pub stdout: Box<dyn AsyncRead + Send + Sync + Unpin>,
    /// Its standard error; where nobody reads it, only its end is kept.
    pub stderr: Box<dyn AsyncRead + Send + Sync + Unpin>,
    /// How it ended, once it did.
    pub status: oneshot::Receiver<Result<ExitStatus, TransportError>>,
}

/// A running command with its standard input open.
pub struct Piped {
    /// Its standard input; shutting it down (or dropping it) is the end of it.
    pub stdin: Box<dyn AsyncWrite + Send + Sync + Unpin>,
    /// The rest of it.
    pub exec: Exec,
}

/// A command that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, as far as it was kept.
    pub stdout: Vec<u8>,
    /// Its standard error, as far as it was kept.
    pub stderr: Vec<u8>,
    /// Whether either was longer than what was kept.
    pub truncated: bool,
}

impl Output {
    /// Whether it ended with zero.
    pub fn success(&self) -> bool {
        self.status == ExitStatus::Code(0)
    }

    /// Its standard output as text, bad bytes replaced; still hostile.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The last that it wrote to its standard error, clean, for messages.
    pub fn complaint(&self) -> String {
        last_words(&String::from_utf8_lossy(&self.stderr), 200)
    }
}

impl Exec {
    /// Reads both outputs to their end, keeping at most `limit` bytes of each, and waits.
    pub async fn collect(self, limit: usize) -> Result<Output, TransportError> {
        let (stdout, stderr) = tokio::join!(keep(self.stdout, limit), keep(self.stderr, limit));
        let ((stdout, more_out), (stderr, more_err)) = (stdout?, stderr?);
        let status = self.status.await.map_err(|_| TransportError::Closed)??;
        Ok(Output { status, stdout, stderr, truncated: more_out || more_err })
    }
}

async fn keep(
    mut from: Box<dyn AsyncRead + Send + Sync + Unpin>,
    limit: usize,
) -> Result<(Vec<u8>, bool), TransportError> {
    let mut kept = Vec::new();
    let mut buf = vec![0; 16 * 1024];
    let mut more = false;
    loop {
        let n = from.read(&mut buf).await.map_err(TransportError::Io)?;
        if n == 0 {
            return Ok((kept, more));
        }
        let room = limit.saturating_sub(kept.len());
        more |= n > room;
        kept.extend_from_slice(&buf[..n.min(room)]);
    }
}
