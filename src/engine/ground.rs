//! A server that is worked on: its connection, its engine, and where the app is on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::sent::Sent;
use crate::config::{RegistryConfig, Secret};
use crate::domain::checking::Checks;
use crate::domain::deploy::Place;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{DatastoreId, RepositoryId, ServerId};
use crate::providers::registry::{Login, Proof, login};
use crate::repository::Vault;
use crate::transports::engine::{self, Docker};
use crate::transports::{Links, Output, RemoteCommand, Transport};

/// How much of a command's output is kept.
pub const KEPT: usize = 4 << 20;

/// How long a run waits for a connection that was cut.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a command that may run twice is begun, where the connection is cut each time.
const TRIES: u32 = 3;

/// How to reach the servers' engines.
#[derive(Clone)]
pub struct Engines {
    /// The connections.
    pub links: Arc<Links>,
    /// The engine's socket, where a server's is not one of the usual ones.
    pub sockets: Arc<BTreeMap<ServerId, String>>,
    /// What registries are logged in to with, where that is configured here, by the registry's host.
    pub logins: Arc<BTreeMap<String, RegistryConfig>>,
    /// Where backups go, and what datastores are read with.
    pub vaults: Arc<Vaults>,
    /// The apps' own checks, as they are configured here.
    pub checks: Arc<dyn Checks>,
}

/// What backing up needs of the configuration beside what a plan says.
#[derive(Debug, Default)]
pub struct Vaults {
    /// The repositories.
    pub repositories: BTreeMap<RepositoryId, Vault>,
    /// The passwords of those who read datastores, where they need one.
    pub passwords: BTreeMap<DatastoreId, Secret>,
}

impl Vaults {
    /// A repository by its name.
    pub fn repository(&self, id: &RepositoryId) -> Result<&Vault, Failure> {
        self.repositories.get(id).ok_or_else(|| {
            let what = format!("find the repository {id}");
            Failure::new(FailureKind::NotFound, what, "the configuration has none of that name")
                .hint(format!("add it: [repositories.{id}] with `path` and `password`"))
        })
    }
}

/// One server at work.
pub struct Ground {
    /// The server.
    pub server: ServerId,
    /// The app's place on it.
    pub place: Place,
    /// The Compose file that is sent, where that one counts and not the one on the server.
    pub sent: Option<Arc<Sent>>,
    /// The environment file that is sent, likewise.
    pub env: Option<Arc<Sent>>,
    /// Folders of datastores there whose locks are taken and given back with that of the place.
    pub beside: Vec<String>,
    engines: Engines,
    line: Mutex<Line>,
}

/// A connection, and the engine's API over it.
struct Line {
    transport: Arc<dyn Transport>,
    docker: Option<Docker>,
}

impl Ground {
    /// Connects.
    pub async fn reach(engines: &Engines, server: &ServerId, place: &Place) -> Result<Self, Failure> {
        let transport = engines.links.get(server).await?;
        Ok(Self {
            server: server.clone(),
            place: place.clone(),
            sent: None,
            env: None,
            beside: Vec::new(),
            engines: engines.clone(),
            line: Mutex::new(Line { transport, docker: None }),
        })
    }

    /// What a registry is logged in to with: what is configured here, else what the server's user has.
    pub async fn login(&self, registry: &str) -> Result<Option<Login>, Failure> {
        let what = format!("log in to {registry}");
        if let Some(it) = self.engines.logins.get(registry) {
            let secret = it.password.resolve().await.map_err(|error| error.into_failure(&what))?;
            return Ok(Some(Login { user: Some(it.user.clone()), secret: Proof::Password(secret) }));
        }
        let transport = self.transport().await?;
        login::of_server(&*transport, registry).await.map_err(|error| error.into_failure(&what))
    }

    /// Where backups go, and what datastores are read with.
    pub fn vaults(&self) -> &Vaults {
        &self.engines.vaults
    }

    /// The apps' own checks.
    pub fn checks(&self) -> &dyn Checks {
        &*self.engines.checks
    }

    /// Its connection; one that was cut is waited for.
    pub async fn transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        let mut line = self.line.lock().await;
        self.renew(&mut line).await?;
        Ok(Arc::clone(&line.transport))
    }

    /// Its engine's API.
    pub async fn docker(&self) -> Result<Docker, Failure> {
        let mut line = self.line.lock().await;
        self.renew(&mut line).await?;
        if let Some(docker) = &line.docker {
            return Ok(docker.clone());
        }
        let what = format!("reach the engine of {}", self.server);
        let socket = self.engines.sockets.get(&self.server).map(String::as_str);
        let docker = engine::connect(&line.transport, socket, &what).await?;
        line.docker = Some(docker.clone());
        Ok(docker)
    }

    async fn renew(&self, line: &mut Line) -> Result<(), Failure> {
        if !line.transport.is_closed() {
            return Ok(());
        }
        let found = timeout(PATIENCE, self.engines.links.wait_up(&self.server)).await;
        line.transport = found.map_err(|_| {
            let why =
                format!("the connection was cut, and there was none again for {} s", PATIENCE.as_secs());
            Failure::new(FailureKind::Unreachable, format!("reach {}", self.server), why)
        })??;
        line.docker = None;
        Ok(())
    }

    /// Runs a command to its end, whatever that is.
    pub async fn run(
        &self,
        command: RemoteCommand,
        what: &str,
        deadline: Duration,
    ) -> Result<Output, Failure> {
        let transport = self.transport().await?;
        transport.run(command, deadline, KEPT).await.map_err(|error| error.into_failure(what))
    }

    /// Runs a command to its end, anew where the connection was cut meanwhile: one that has been run
    /// twice leaves the same as one that ran once.
    pub async fn repeat(
        &self,
        command: RemoteCommand,
        what: &str,
        deadline: Duration,
    ) -> Result<Output, Failure> {
        let mut tries = 1;
        loop {
            let transport = self.transport().await?;
            let failure = match transport.run(command.clone(), deadline, KEPT).await {
                Ok(output) => return Ok(output),
                Err(error) => error.into_failure(what),
            };
            let cut = failure.kind == FailureKind::Unreachable || transport.is_closed();
            if !cut || tries == TRIES {
                return Err(failure);
            }
            tries += 1;
        }
    }

    /// Runs a command that has to succeed, and may run twice as in [`Self::repeat`]; gives its output.
    pub async fn done(
        &self,
        command: RemoteCommand,
        what: &str,
        deadline: Duration,
    ) -> Result<String, Failure> {
        let output = self.repeat(command, what, deadline).await?;
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
