//! Ways to reach a server: SSH and this machine. One connection a server, everything multiplexed
//! on it.
//!
//! Lives here: connecting, authenticating, known hosts, channels, deadlines, reconnecting, the
//! Docker API over a channel. Not here: what is said on a channel (collectors, engine), or what is
//! shown of it.

pub mod attach;
pub mod command;
pub mod docker;
pub mod docker_socket;
pub mod engine;
pub mod error;
pub mod exec;
pub mod failed;
pub mod here;
pub mod links;
pub mod local;
mod pipe;
pub mod sftp;
pub mod signature;
pub mod socket;
pub mod ssh;
mod within;

use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

pub use command::RemoteCommand;
pub use error::TransportError;
pub use exec::{Exec, ExitStatus, Output, Piped};
pub use links::{LinkObserver, LinkOptions, Links, ServerTarget};
pub use local::Local;
pub use signature::Identity;
pub use ssh::SshTarget;
pub use within::Within;

/// A stream in both directions: a socket on the server, seen from here.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

/// A boxed [`Duplex`].
pub type BoxDuplex = Box<dyn Duplex>;

/// A standing connection to one server. Dropping what a method returns closes its channel, on the
/// server too.
///
/// Whoever holds a stream reads it: all streams of a server share its connection, and one that
/// nobody reads for five seconds while more arrives is ended with an error, so that it does not
/// hold up the others.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Starts a command; its output comes as it is made. Waits for a free session where the
    /// server's budget of them is used up.
    async fn exec(&self, command: RemoteCommand) -> Result<Exec, TransportError>;

    /// Starts a command whose standard input stays open.
    async fn pipe(&self, command: RemoteCommand) -> Result<Piped, TransportError>;

    /// Connects to a Unix socket on the server.
    async fn unix(&self, path: &str) -> Result<BoxDuplex, TransportError>;

    /// Connects to a TCP port as the server sees it.
    async fn tcp(&self, host: &str, port: u16) -> Result<BoxDuplex, TransportError>;

    /// Starts a subsystem of the server's by its name.
    async fn subsystem(&self, name: &str) -> Result<BoxDuplex, TransportError> {
        let why = "this server is not reached over SSH".to_owned();
        Err(TransportError::Subsystem { name: name.to_owned(), why })
    }

    /// Whether the connection is known to be gone; such a transport is replaced by a new one.
    fn is_closed(&self) -> bool;

    /// Waits until the connection is gone and says why. This machine's never is.
    async fn closed(&self) -> TransportError {
        std::future::pending().await
    }

    /// Who this side is to the server; `None` where no key says so.
    fn identity(&self) -> Option<Identity> {
        None
    }

    /// Signs with the key that the server let this side in with, as `ssh-keygen -Y sign` does.
    async fn sign(&self, _namespace: &str, _message: &[u8]) -> Result<String, TransportError> {
        Err(TransportError::Unsigned("this server is not reached with one".to_owned()))
    }

    /// Ends the connection, and with it everything on it.
    async fn close(&self) {}

    /// Runs a command to its end and keeps at most `limit` bytes of each of its outputs.
    async fn run(
        &self,
        command: RemoteCommand,
        deadline: Duration,
        limit: usize,
    ) -> Result<Output, TransportError> {
        let what = command.summary();
        match tokio::time::timeout(deadline, async { self.exec(command).await?.collect(limit).await }).await {
            Ok(result) => result,
            Err(_) => Err(TransportError::Deadline { what, after: deadline }),
        }
    }
}
