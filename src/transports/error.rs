//! What can go wrong on the way to a server.

use std::path::PathBuf;
use std::time::Duration;

use russh::keys::PublicKey;
use thiserror::Error;

use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::ServerId;

use super::ssh::ConfigFileError;

/// An error of a transport, with its source.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The connection, or the channel, is gone.
    #[error("the connection was closed")]
    Closed,
    /// The connection broke.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// Reading or writing failed.
    #[error("reading or writing failed")]
    Io(#[source] std::io::Error),
    /// No answer in time.
    #[error("no answer to {what} within {} ms", .after.as_millis())]
    Deadline {
        /// What was asked.
        what: String,
        /// The deadline.
        after: Duration,
    },
    /// No configured server has this name.
    #[error("no server is called {0}")]
    NoServer(ServerId),
    /// The SSH configuration cannot be used.
    #[error("the SSH configuration cannot be used")]
    Settings(#[source] ConfigFileError),
    /// The name has no address.
    #[error("{host} cannot be resolved")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's error.
        #[source]
        source: std::io::Error,
    },
    /// Nothing answers at the address, or the way to it is shut.
    #[error("{address} does not accept the connection")]
    Connect {
        /// `host:port`.
        address: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// What answers does not speak SSH as we do.
    #[error("the SSH handshake failed")]
    Handshake(#[source] russh::Error),
    /// The server's key is in no known-hosts file.
    #[error("the host key of {address} is not known ({algorithm} {fingerprint})")]
    HostKeyUnknown {
        /// The server that is connected to; its name goes into the hint.
        server: ServerId,
        /// As known-hosts files write it.
        address: String,
        /// The key's algorithm.
        algorithm: String,
        /// `SHA256:…`.
        fingerprint: String,
        /// The key that was offered.
        key: Box<PublicKey>,
        /// The file it would be added to.
        file: PathBuf,
    },
    /// The server's key is not the one that is known.
    #[error(
        "the host key of {address} is not the known one: it offers {algorithm} {fingerprint}, and {}:{line} says otherwise",
        .file.display()
    )]
    HostKeyChanged {
        /// As known-hosts files write it.
        address: String,
        /// The offered key's algorithm.
        algorithm: String,
        /// Its fingerprint.
        fingerprint: String,
        /// The file with the known key.
        file: PathBuf,
        /// Its line there, from 1.
        line: usize,
    },
    /// The server's key is marked as revoked.
    #[error("the host key of {address} is revoked in {}:{line}", .file.display())]
    HostKeyRevoked {
        /// As known-hosts files write it.
        address: String,
        /// The file with the mark.
        file: PathBuf,
        /// Its line there, from 1.
        line: usize,
    },
    /// The server's certificate is not good for it.
    #[error("the host certificate of {address} is not valid: {why}")]
    HostCertificate {
        /// As known-hosts files write it.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// A known-hosts file cannot be read or written.
    #[error("{} cannot be used", .file.display())]
    KnownHosts {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The server accepted none of our keys.
    #[error(
        "{user} is not accepted: {}; the server accepts {}",
        listed(.tried, "no key was there to offer"),
        listed(.accepts, "nothing that was said")
    )]
    Auth {
        /// The user there.
        user: String,
        /// What was offered, one by one, with what came of it.
        tried: Vec<String>,
        /// The methods with which the server would go on.
        accepts: Vec<String>,
    },
    /// The server would accept a key that is encrypted, and nobody gave the passphrase.
    #[error("the key {} is encrypted and was not opened", .0.display())]
    Passphrase(PathBuf),
    /// The key that the connection was let in with does not sign.
    #[error("the key does not sign: {0}")]
    Unsigned(String),
    /// The way leads over another server, which failed.
    #[error("through {via}: {}", .failure.reason())]
    Jump {
        /// The server in between.
        via: String,
        /// Its failure.
        failure: Box<Failure>,
    },
    /// Jumps lead in a circle, or too far.
    #[error("the jumps to {0} lead in a circle")]
    JumpCircle(String),
    /// All of the server's sessions on this connection stay in use.
    #[error("the server opens no further session on this connection")]
    NoSession,
    /// The command could not be started.
    #[error("{command} could not be started: {why}")]
    Start {
        /// Its first words.
        command: String,
        /// Why.
        why: String,
    },
    /// The server gives no such subsystem, or one that makes no sense.
    #[error("it does not speak {name}: {why}")]
    Subsystem {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// There is no such socket on the server.
    #[error("{path} is not there")]
    NoSocket {
        /// The path.
        path: String,
    },
    /// We may not use the socket.
    #[error("{user} may not use {path}, which belongs to group {group}")]
    SocketDenied {
        /// The path.
        path: String,
        /// Who we are there.
        user: String,
        /// The group that may.
        group: String,
    },
    /// The socket is there, but nothing listens.
    #[error("nothing listens on {path}")]
    SocketRefused {
        /// The path.
        path: String,
    },
    /// The server forbids forwarding.
    #[error("the server does not allow forwarding to {to}")]
    Forwarding {
        /// A path, or `host:port`.
        to: String,
    },
    /// The server could not connect there, or forbids it; SSH does not say which.
    #[error("{to}, seen from the server, does not accept the connection")]
    Refused {
        /// `host:port`.
        to: String,
    },
}

fn listed(items: &[String], none: &str) -> String {
    if items.is_empty() { none.to_owned() } else { items.join(", ") }
}

impl From<russh::Error> for TransportError {
    fn from(error: russh::Error) -> Self {
        match error {
            russh::Error::SendError | russh::Error::RecvError => Self::Closed,
            russh::Error::Disconnect | russh::Error::HUP => Self::Lost("the server hung up".to_owned()),
            russh::Error::KeepaliveTimeout | russh::Error::InactivityTimeout => {
                Self::Lost("the server stopped answering".to_owned())
            }
            russh::Error::IO(source) => Self::Io(source),
            other => Self::Handshake(other),
        }
    }
}

impl TransportError {
    /// For the screen: `what` is verb and object (`list containers`).
    pub fn into_failure(self, what: &str) -> Failure {
        self.failure(what)
    }

    /// The same of an error that something else holds.
    pub fn failure(&self, what: &str) -> Failure {
        Failure {
            kind: self.kind(),
            what: what.to_owned(),
            why: Failure::chain(self),
            hint: self.hint(),
            retry: if self.needs_a_person() { Retry::Never } else { Retry::Now },
        }
    }

    /// Whether trying again changes nothing until a person did something.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Self::Jump { failure, .. } => failure.retry == Retry::Never,
            _ => matches!(
                self.kind(),
                FailureKind::Auth | FailureKind::HostKey | FailureKind::Invalid | FailureKind::NotFound
            ),
        }
    }

    fn kind(&self) -> FailureKind {
        match self {
            Self::Closed
            | Self::Lost(_)
            | Self::Io(_)
            | Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Refused { .. }
            | Self::SocketRefused { .. }
            | Self::Handshake(_) => FailureKind::Unreachable,
            Self::Deadline { .. } => FailureKind::Timeout,
            Self::NoServer(_) => FailureKind::NotFound,
            Self::Settings(_) | Self::KnownHosts { .. } | Self::JumpCircle(_) => FailureKind::Invalid,
            Self::HostKeyUnknown { .. }
            | Self::HostKeyChanged { .. }
            | Self::HostKeyRevoked { .. }
            | Self::HostCertificate { .. } => FailureKind::HostKey,
            Self::Auth { .. } | Self::Passphrase(_) => FailureKind::Auth,
            Self::Jump { failure, .. } => failure.kind,
            Self::NoSession => FailureKind::Conflict,
            Self::Start { .. } | Self::NoSocket { .. } | Self::Unsigned(_) | Self::Subsystem { .. } => {
                FailureKind::Unsupported
            }
            Self::SocketDenied { .. } | Self::Forwarding { .. } => FailureKind::Permission,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::HostKeyUnknown { server, .. } => format!(
                "compare the fingerprint with the server's own, then `midwatch doctor --accept-host-key {server}`"
            ),
            Self::HostKeyChanged { address, file, .. } => format!(
                "someone may be in between; if the server was set up anew: `ssh-keygen -R '{address}' -f {}`",
                file.display()
            ),
            Self::Auth { user, .. } => {
                format!("add a key: `ssh-copy-id` for {user}, or name one with `identity`")
            }
            Self::Passphrase(key) => format!("`ssh-add {}`", key.display()),
            Self::SocketDenied { user, group, .. } => {
                format!("`sudo usermod -aG {group} {user}`, then connect anew")
            }
            Self::SocketRefused { path } if path.ends_with("docker.sock") => {
                "`sudo systemctl start docker`".to_owned()
            }
            Self::Forwarding { .. } => {
                "`AllowStreamLocalForwarding yes` and `AllowTcpForwarding yes` in sshd_config".to_owned()
            }
            Self::Subsystem { name, .. } if name == super::sftp::NAME => {
                "`Subsystem sftp internal-sftp` in its sshd_config, or an account that may use it".to_owned()
            }
            Self::NoSession => "raise `MaxSessions` in sshd_config".to_owned(),
            Self::Jump { failure, .. } => return failure.hint.clone(),
            _ => return None,
        })
    }
}
