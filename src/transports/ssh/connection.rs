//! One authenticated SSH connection with everything multiplexed on it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use russh::client::Handle;
use russh::{ChannelOpenFailure, Disconnect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::transports::exec::{Exec, Piped};
use crate::transports::{BoxDuplex, Identity, RemoteCommand, Transport, TransportError};

use super::channel::{self, OpenChannel, To};
use super::known_hosts::address;
use super::proof::Proof;
use super::sweep::Mark;
use super::verify::Verifier;

/// How long a session that the server refuses is asked for again: others of ours may just be
/// ending there.
const REFUSALS: [u64; 7] = [50, 100, 200, 400, 800, 1600, 3200];

/// A connection to one server.
pub struct SshConnection {
    handle: Arc<Handle<Verifier>>,
    gone: CancellationToken,
    ended: Arc<OnceLock<String>>,
    proof: Proof,
    sessions: Arc<Semaphore>,
    /// Whether commands are marked, see `sweep`.
    marks: bool,
    /// The connection that this one goes through, kept up as long as this one.
    _through: Option<Arc<dyn Transport>>,
}

impl SshConnection {
    pub(super) fn new(
        handle: Handle<Verifier>,
        gone: CancellationToken,
        ended: Arc<OnceLock<String>>,
        proof: Proof,
        sessions: usize,
        marks: bool,
        through: Option<Arc<dyn Transport>>,
    ) -> Self {
        let sessions = Arc::new(Semaphore::new(sessions));
        Self { handle: Arc::new(handle), gone, ended, proof, sessions, marks, _through: through }
    }

    /// A session within the budget; where the server has fewer than we think, it is asked again
    /// for a few seconds.
    async fn session(&self) -> Result<(OpenChannel, OwnedSemaphorePermit), TransportError> {
        let budget = Arc::clone(&self.sessions);
        let permit = tokio::select! {
            permit = budget.acquire_owned() => permit.map_err(|_| TransportError::Closed)?,
            why = self.closed() => return Err(why),
        };
        for pause in REFUSALS {
            match channel::open(&self.handle, To::Session).await {
                Ok(channel) => return Ok((channel, permit)),
                Err(russh::Error::ChannelOpenFailure(_)) => sleep(Duration::from_millis(pause)).await,
                Err(error) => return Err(self.say(error)),
            }
        }
        Err(TransportError::NoSession)
    }

    fn mark(&self) -> Option<Mark> {
        self.marks.then(|| Mark::new(&self.handle))
    }

    fn why_gone(&self) -> TransportError {
        self.ended.get().map_or(TransportError::Closed, |why| TransportError::Lost(why.clone()))
    }

    /// An error of a connection that ended says how it ended.
    fn say(&self, error: russh::Error) -> TransportError {
        if self.handle.is_closed() { self.why_gone() } else { error.into() }
    }
}

#[async_trait]
impl Transport for SshConnection {
    async fn exec(&self, command: RemoteCommand) -> Result<Exec, TransportError> {
        let (channel, permit) = self.session().await?;
        channel::exec(channel, command, self.mark(), permit).await
    }

    async fn pipe(&self, command: RemoteCommand) -> Result<Piped, TransportError> {
        let (channel, permit) = self.session().await?;
        channel::piped(channel, command, self.mark(), permit).await
    }

    async fn unix(&self, path: &str) -> Result<BoxDuplex, TransportError> {
        match channel::open(&self.handle, To::Unix(path.to_owned())).await {
            Ok(channel) => channel::stream(channel, None),
            Err(russh::Error::ChannelOpenFailure(_)) => {
                Err(crate::transports::socket::explain(self, path, None).await)
            }
            Err(error) => Err(self.say(error)),
        }
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<BoxDuplex, TransportError> {
        let to = address(host, port);
        match channel::open(&self.handle, To::Tcp(host.to_owned(), port)).await {
            Ok(channel) => channel::stream(channel, None),
            Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited)) => {
                Err(TransportError::Forwarding { to })
            }
            Err(russh::Error::ChannelOpenFailure(_)) => Err(TransportError::Refused { to }),
            Err(error) => Err(self.say(error)),
        }
    }

    async fn subsystem(&self, name: &str) -> Result<BoxDuplex, TransportError> {
        let (channel, permit) = self.session().await?;
        channel::subsystem(channel, name, permit).await
    }

    fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    async fn closed(&self) -> TransportError {
        self.gone.cancelled().await;
        self.why_gone()
    }

    fn identity(&self) -> Option<Identity> {
        Some(self.proof.identity())
    }

    async fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, TransportError> {
        self.proof.sign(namespace, message).await
    }

    async fn close(&self) {
        // Failing means that it has ended already.
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
    }
}
