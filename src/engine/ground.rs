//! A server that is worked on: its connection, its engine, and where the app is on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::transports::engine::{self, Docker};
use crate::transports::{Links, Output, RemoteCommand, Transport};

/// How much of a command's output is kept.
pub const KEPT: usize = 4 << 20;

/// How to reach the servers' engines.
#[derive(Clone)]
pub struct Engines {
    /// The connections.
    pub links: Arc<Links>,
    /// The engine's socket, where a server's is not one of the usual ones.
    pub sockets: Arc<BTreeMap<ServerId, String>>,
}

/// One server at work.
pub struct Ground {
    /// The server.
    pub server: ServerId,
    /// The app's place on it.
    pub place: Place,
    /// Its connection.
    pub transport: Arc<dyn Transport>,
    socket: Option<String>,
    docker: OnceCell<Docker>,
}

impl Ground {
    /// Connects.
    pub async fn reach(engines: &Engines, server: &ServerId, place: &Place) -> Result<Self, Failure> {
        let transport = engines.links.get(server).await?;
        Ok(Self {
            server: server.clone(),
            place: place.clone(),
            transport,
            socket: engines.sockets.get(server).cloned(),
            docker: OnceCell::new(),
        })
    }

    /// Its engine's API.
    pub async fn docker(&self) -> Result<&Docker, Failure> {
        let what = format!("reach the engine of {}", self.server);
        let connect = || engine::connect(&self.transport, self.socket.as_deref(), &what);
        self.docker.get_or_try_init(connect).await
    }

    /// Runs a command to its end, whatever that is.
    pub async fn run(&self, command: RemoteCommand, what: &str, deadline: Duration) -> Result<Output, Failure> {
        self.transport.run(command, deadline, KEPT).await.map_err(|error| error.into_failure(what))
    }

    /// Runs a command that has to succeed; gives its output.
    pub async fn done(&self, command: RemoteCommand, what: &str, deadline: Duration) -> Result<String, Failure> {
        let output = self.run(command, what, deadline).await?;
        if output.success() { Ok(output.text()) } else { Err(unsuccessful(&output, what)) }
    }
}

/// A command that ended otherwise than it should have.
pub fn unsuccessful(output: &Output, what: &str) -> Failure {
    use crate::transports::ExitStatus;
    let said = output.complaint();
    let how = match &output.status {
        ExitStatus::Code(code) => format!("exit {code}"),
        ExitStatus::Signal(signal) => format!("ended by SIG{signal}"),
    };
    let why = if said.is_empty() { how } else { format!("{said} ({how})") };
    Failure::new(FailureKind::Invalid, what, why)
}
