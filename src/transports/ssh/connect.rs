//! From settings to a connection: dial, judge the host key, authenticate. What a person must
//! decide is asked between two attempts, never during one, so that no deadline runs meanwhile,
//! neither ours nor the server's.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::keys::{Algorithm, HashAlg};
use russh::{Preferred, client};
use tokio::io::BufReader;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::domain::clock::Clock;
use crate::domain::ids::ServerId;
use crate::domain::question::{Answer, Asker, Question};
use crate::domain::text::clean;
use crate::transports::{Transport, TransportError};

use super::auth::{self, Outcome};
use super::connection::SshConnection;
use super::dial::dial;
use super::key_ring::KeyRing;
use super::known_hosts::{self, KnownHosts};
use super::rush::Rush;
use super::settings::Settings;
use super::stall::WriteDeadline;
use super::verify::Verifier;

/// How much is read from a server at once.
const READ_AHEAD: usize = 16 * 1024;

/// What all connections share.
pub struct Shared {
    /// Opened keys.
    pub ring: KeyRing,
    /// Handshakes under way at a time.
    pub handshakes: Semaphore,
    /// Those of them that are not held up.
    pub rush: Rush,
    /// One question about a host key at a time.
    pub asking: tokio::sync::Mutex<()>,
    /// For the validity of certificates.
    pub clock: Arc<dyn Clock>,
}

/// Limits of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first packet to the judged host key.
    pub connect: Duration,
    /// Silence after which the server is asked whether it is there.
    pub keepalive: Duration,
    /// How many such questions in a row may go unanswered.
    pub unanswered: usize,
    /// Exec channels at a time. sshd allows 10 sessions on a connection by default.
    pub sessions: usize,
}

impl Default for Limits {
    /// A server that vanished is noticed after nine seconds; one that answers late has three
    /// chances.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            keepalive: Duration::from_secs(3),
            unanswered: 2,
            sessions: 8,
        }
    }
}

/// Connects and authenticates, asking what has to be asked.
pub async fn connect(
    server: &ServerId,
    settings: Arc<Settings>,
    through: Option<Arc<dyn Transport>>,
    limits: Limits,
    shared: &Shared,
    asker: &dyn Asker,
) -> Result<SshConnection, TransportError> {
    let mut accepted = false;
    loop {
        let one_of_few = shared.handshakes.acquire().await.map_err(|_| TransportError::Closed)?;
        let attempt = attempt(server, &settings, through.clone(), limits, shared);
        let attempted = shared.rush.count(attempt).await;
        drop(one_of_few);
        match attempted {
            Ok(Attempt::Up(connection)) => return Ok(*connection),
            Ok(Attempt::Locked(key)) => shared.ring.open(&key, server, asker).await?,
            Err(unknown @ TransportError::HostKeyUnknown { .. }) if !accepted => {
                accept(server, &settings, unknown, shared, asker).await?;
                accepted = true;
            }
            Err(error) => return Err(error),
        }
    }
}

enum Attempt {
    Up(Box<SshConnection>),
    Locked(std::path::PathBuf),
}

async fn attempt(
    server: &ServerId,
    settings: &Arc<Settings>,
    through: Option<Arc<dyn Transport>>,
    limits: Limits,
    shared: &Shared,
) -> Result<Attempt, TransportError> {
    let known = read_known_hosts(settings).await?;
    let gone = CancellationToken::new();
    let ended = Arc::new(OnceLock::new());
    let config = Arc::new(config(settings, &known, limits));
    let verifier = Verifier {
        server: server.clone(),
        settings: Arc::clone(settings),
        known,
        now: shared.clock.now(),
        ended: Arc::clone(&ended),
        _gone: gone.clone().drop_guard(),
    };
    let handshake = async {
        let stream = dial(&settings.host, settings.port, through.as_deref()).await?;
        // Twice the time after which a silent server is given up.
        let stream = WriteDeadline::new(stream, limits.keepalive * 4);
        // The protocol is read in pieces of some bytes; a flood of small packets would cost two
        // system calls each.
        let stream = BufReader::with_capacity(READ_AHEAD, stream);
        client::connect_stream(config, stream, verifier).await
    };
    let mut handle = timeout(limits.connect, handshake).await.map_err(|_| TransportError::Deadline {
        what: format!("the connection to {}", known_hosts::address(&settings.host, settings.port)),
        after: limits.connect,
    })??;
    match auth::authenticate(&mut handle, settings, &shared.ring).await? {
        Outcome::Accepted(proof) => Ok(Attempt::Up(Box::new(SshConnection::new(
            handle,
            gone,
            ended,
            proof,
            limits.sessions,
            settings.user == "root",
            through,
        )))),
        Outcome::Locked(key) => Ok(Attempt::Locked(key)),
    }
}

async fn read_known_hosts(settings: &Arc<Settings>) -> Result<KnownHosts, TransportError> {
    let settings = Arc::clone(settings);
    let read = move || KnownHosts::read(settings.known_hosts.iter().chain(&settings.global_known_hosts));
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(known)) => Ok(known),
        Ok(Err((file, source))) => Err(TransportError::KnownHosts { file, source }),
        Err(_) => Err(TransportError::Closed),
    }
}

fn config(settings: &Settings, known: &KnownHosts, limits: Limits) -> client::Config {
    let (name, port) = match &settings.key_alias {
        Some(alias) => (alias.as_str(), 22),
        None => (settings.host.as_str(), settings.port),
    };
    let mut keys = Preferred::DEFAULT.key.to_vec();
    // SHA-1 signatures are not good any more (RFC 8332).
    keys.retain(|kind| *kind != Algorithm::Rsa { hash: None });
    let of_known = known.algorithms(name, port);
    keys.sort_by_key(|kind| !of_known.iter().any(|known| same_kind(known, kind)));
    // A certificate is asked for only where an authority is known that could have signed it.
    let certificates = if known.authorities(name, port).is_empty() { Vec::new() } else { keys.clone() };
    client::Config {
        preferred: Preferred {
            key: Cow::Owned(keys),
            host_key_certificates: Cow::Owned(certificates),
            ..Preferred::DEFAULT
        },
        keepalive_interval: Some(limits.keepalive),
        keepalive_max: limits.unanswered,
        ..client::Config::default()
    }
}

/// An RSA key may sign with either hash.
fn same_kind(known: &Algorithm, offered: &Algorithm) -> bool {
    match (known, offered) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
        (known, offered) => known == offered,
    }
}

/// Shows an unknown key to a person; on yes it is added to the user's file.
async fn accept(
    server: &ServerId,
    settings: &Arc<Settings>,
    unknown: TransportError,
    shared: &Shared,
    asker: &dyn Asker,
) -> Result<(), TransportError> {
    let TransportError::HostKeyUnknown { address, algorithm, key, file, .. } = &unknown else {
        return Err(unknown);
    };
    let _one_at_a_time = shared.asking.lock().await;
    let (name, port) = match &settings.key_alias {
        Some(alias) => (alias.clone(), 22),
        None => (settings.host.clone(), settings.port),
    };
    // Another server of the same address may have been asked about while we waited.
    let known = read_known_hosts(settings).await?;
    if known.judge(&name, port, key) == known_hosts::Verdict::Known {
        return Ok(());
    }
    let question = Question::UnknownHostKey {
        server: server.clone(),
        address: clean(address).into_owned(),
        algorithm: algorithm.clone(),
        fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        file: clean(&file.to_string_lossy()).into_owned(),
    };
    if !matches!(asker.ask(question).await, Answer::Yes) {
        return Err(unknown);
    }
    let (file, key) = (file.clone(), key.clone());
    let failed = {
        let file = file.clone();
        move |source| TransportError::KnownHosts { file, source }
    };
    let write = move || known_hosts::append(&file, &name, port, &key);
    tokio::task::spawn_blocking(write).await.map_err(|_| TransportError::Closed)?.map_err(failed)
}
