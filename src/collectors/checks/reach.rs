//! Streams to a target, from here or from a server, and whose fault it is where there is none.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};

use super::attempt::Attempt;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::http::HttpError;
use crate::http::limits::Deadline;
use crate::transports::{BoxDuplex, RemoteCommand, Transport, TransportError};

/// Where a check looks from.
#[derive(Clone)]
pub enum Reach {
    /// The console.
    Here,
    /// A server, over its standing connection.
    Server(ServerId, Arc<dyn Transport>),
}

/// Why there is no stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The target does not take the connection.
    Target(String),
    /// We could not try.
    Look(String),
    /// The server that it is seen from is not reachable.
    Server(ServerId, String),
}

impl From<Miss> for Attempt {
    fn from(miss: Miss) -> Self {
        match miss {
            Miss::Target(reason) => Self::down(reason),
            Miss::Look(reason) => Self::unknown(reason),
            Miss::Server(server, reason) => {
                let mut attempt = Self::unknown(format!("not seen from {server}: {reason}"));
                attempt.blocked_by = Some(server);
                attempt
            }
        }
    }
}

/// How long a server gets to show that it is still there, after a target did not answer through it.
const STILL_THERE: Duration = Duration::from_secs(2);

impl Reach {
    /// Connects to a port within what is left of a deadline.
    pub async fn tcp(&self, host: &str, port: u16, deadline: &Deadline) -> Result<BoxDuplex, Miss> {
        let late = || format!("no connection to {host}:{port} within {} ms", deadline.whole().as_millis());
        match self {
            Self::Here => match deadline.phase("connection", TcpStream::connect((host, port))).await {
                Ok(Ok(stream)) => {
                    // A socket that cannot do without Nagle's delay is only a little slower.
                    let _ = stream.set_nodelay(true);
                    Ok(Box::new(stream))
                }
                Ok(Err(error)) => Err(here(host, port, &error)),
                Err(_) => Err(Miss::Target(late())),
            },
            Self::Server(server, transport) => {
                match deadline.phase("connection", transport.tcp(host, port)).await {
                    Ok(Ok(stream)) => Ok(stream),
                    Ok(Err(TransportError::Deadline { .. })) | Err(_) => {
                        self.still_there().await?;
                        Err(Miss::Target(late()))
                    }
                    Ok(Err(error)) => Err(seen_from(server, host, port, error)),
                }
            }
        }
    }

    /// Connects to a Unix socket within what is left of a deadline.
    pub async fn unix(&self, path: &str, deadline: &Deadline) -> Result<BoxDuplex, Miss> {
        let late =
            || Miss::Target(format!("{path} takes no connection within {} ms", deadline.whole().as_millis()));
        match self {
            Self::Here => match deadline.phase("connection", UnixStream::connect(path)).await {
                Ok(Ok(stream)) => Ok(Box::new(stream)),
                Ok(Err(error)) => Err(Miss::Target(format!("no connection to {path}: {error}"))),
                Err(_) => Err(late()),
            },
            Self::Server(server, transport) => {
                match deadline.phase("connection", transport.unix(path)).await {
                    Ok(Ok(stream)) => Ok(stream),
                    Ok(Err(TransportError::Deadline { .. })) | Err(_) => {
                        self.still_there().await?;
                        Err(late())
                    }
                    Ok(Err(error)) if transport.is_closed() => {
                        Err(Miss::Server(server.clone(), reason(error)))
                    }
                    Ok(Err(error)) => Err(Miss::Target(reason(error))),
                }
            }
        }
    }

    /// Whether the server answers at all: if it does, silence is the target's own. From here there is
    /// nobody to ask.
    pub async fn still_there(&self) -> Result<(), Miss> {
        let Self::Server(server, transport) = self else { return Ok(()) };
        match transport.run(RemoteCommand::new("true"), STILL_THERE, 1024).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Miss::Server(server.clone(), reason(error))),
        }
    }

    /// The same for one who is only asked about another: its trouble leaves that other unknown.
    pub fn blame_look(&self, error: &HttpError) -> Miss {
        match self.blame(error) {
            Miss::Target(reason) => Miss::Look(reason),
            miss => miss,
        }
    }

    /// Puts an error of an exchange where it belongs: a stream that broke because the connection to
    /// the server did says nothing about the target.
    pub fn blame(&self, error: &HttpError) -> Miss {
        let why = Failure::chain(error).join(": ");
        match self {
            Self::Server(server, transport) if transport.is_closed() => {
                Miss::Server(server.clone(), "the connection was lost".to_owned())
            }
            _ if matches!(error, HttpError::Roots(_)) => Miss::Look(why),
            _ => Miss::Target(why),
        }
    }
}

/// A transport's error in one line.
pub fn reason(error: TransportError) -> String {
    error.into_failure("look").reason()
}

fn here(host: &str, port: u16, error: &io::Error) -> Miss {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Miss::Target(format!("{host}:{port} refuses the connection")),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown | io::ErrorKind::AddrNotAvailable => {
            Miss::Look(format!("there is no network to {host} from here"))
        }
        // Resolvers have no error kind of their own in std. A resolver that does not answer is our
        // trouble; a name that does not exist is the target's.
        _ if text.contains("Temporary failure in name resolution") => {
            Miss::Look(format!("the resolver here does not answer for {host}"))
        }
        _ if text.contains("failed to lookup address") => Miss::Target(format!("{host} has no address")),
        _ => Miss::Target(format!("no connection to {host}:{port}: {text}")),
    }
}

/// An error of the way through a server: of the last step to the target, or of the way to the server.
fn seen_from(server: &ServerId, host: &str, port: u16, error: TransportError) -> Miss {
    match error {
        TransportError::Refused { .. } | TransportError::Resolve { .. } => Miss::Target(reason(error)),
        TransportError::Connect { source, .. } => match here(host, port, &source) {
            Miss::Look(reason) => Miss::Server(server.clone(), reason),
            miss => miss,
        },
        error => Miss::Server(server.clone(), reason(error)),
    }
}
