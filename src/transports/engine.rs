//! The container engine of a server: where it listens, and what its errors mean to a reader.

use std::sync::Arc;
use std::time::Duration;

pub use bollard::Docker;
use bollard::errors::Error;

use super::docker::{DOCKER_SOCKET, docker, failure};
use super::{RemoteCommand, Transport, TransportError};
use crate::domain::failure::{Failure, FailureKind, Retry};

/// How long the first answer may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long until a server is asked again for an engine that it did not have.
const LATER: Retry = Retry::After(Duration::from_secs(300));

/// Finds a socket of Podman or of a rootless engine that this user may use.
const OTHERS: &str = r#"run=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
for socket in /run/podman/podman.sock "$run/docker.sock" "$run/podman/podman.sock"; do
  if [ -S "$socket" ] && [ -w "$socket" ]; then echo "$socket"; break; fi
done"#;

/// Connects to the engine: on the socket that the configuration names, else on Docker's, else on
/// one that Podman or a rootless engine would have. The API's version is agreed on.
pub async fn connect(
    transport: &Arc<dyn Transport>,
    socket: Option<&str>,
    what: &str,
) -> Result<Docker, Failure> {
    connect_to(transport, &socket_of(transport, socket, what).await?, what).await
}

/// Where the engine listens: where the configuration says, else on one of the usual sockets.
pub async fn socket_of(
    transport: &Arc<dyn Transport>,
    socket: Option<&str>,
    what: &str,
) -> Result<String, Failure> {
    match socket {
        Some(socket) => Ok(socket.to_owned()),
        None => usual_socket(transport, what).await,
    }
}

/// Connects to the engine that listens on this socket.
pub async fn connect_to(transport: &Arc<dyn Transport>, socket: &str, what: &str) -> Result<Docker, Failure> {
    let engine = docker(Arc::clone(transport), socket).map_err(|error| failed(&error, what))?;
    match tokio::time::timeout(DEADLINE, engine.negotiate_version()).await {
        Ok(Ok(engine)) => Ok(engine),
        Ok(Err(error)) => Err(failed(&error, what)),
        Err(_) => {
            Err(TransportError::Deadline { what: socket.to_owned(), after: DEADLINE }.into_failure(what))
        }
    }
}

async fn usual_socket(transport: &Arc<dyn Transport>, what: &str) -> Result<String, Failure> {
    let probe = tokio::time::timeout(DEADLINE, transport.unix(DOCKER_SOCKET)).await;
    let error = match probe {
        // A server that forbids forwarding is reached by a command instead.
        Ok(Ok(_) | Err(TransportError::Forwarding { .. })) => return Ok(DOCKER_SOCKET.to_owned()),
        Ok(Err(error @ (TransportError::NoSocket { .. } | TransportError::SocketDenied { .. }))) => error,
        Ok(Err(error)) => return Err(error.into_failure(what)),
        Err(_) => TransportError::Deadline { what: DOCKER_SOCKET.to_owned(), after: DEADLINE },
    };
    let others = transport.run(RemoteCommand::script(OTHERS), DEADLINE, 4096).await;
    let found = others.map(|output| output.text()).unwrap_or_default();
    let found = found.lines().next().unwrap_or_default();
    if found.starts_with('/') {
        return Ok(found.to_owned());
    }
    if let TransportError::NoSocket { path } = &error {
        let why = format!("no Docker here: {path} is not there, nor a socket of Podman");
        return Err(Failure::new(FailureKind::Unsupported, what, why).retry(LATER));
    }
    let needs_a_person = matches!(error, TransportError::SocketDenied { .. });
    let failure = error.into_failure(what);
    Err(if needs_a_person { failure.retry(LATER) } else { failure })
}

/// An error of the engine's API.
pub fn failed(error: &Error, what: &str) -> Failure {
    failure(error, what)
}

/// Whether the engine says that there is no such thing (any more).
pub fn is_gone(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}
