//! Where the container engine listens on a server.

use std::time::Duration;

use super::docker::DOCKER_SOCKET;
use super::{RemoteCommand, Transport, TransportError};

/// How long the look may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Prints the first socket that may be written to, else the first that is there at all, in the
/// order: Docker, rootless Docker, Podman, rootless Podman.
const LOOK: &str = r#"
run=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; seen=
for s in /var/run/docker.sock "$run/docker.sock" /run/podman/podman.sock "$run/podman/podman.sock"; do
  if [ -S "$s" ]; then
    if [ -w "$s" ]; then echo "$s"; exit 0; fi
    seen=${seen:-$s}
  fi
done
if [ -n "$seen" ]; then echo "$seen"; else exit 4; fi"#;

/// The engine's socket: one that we may use where there is one. None at all is
/// [`TransportError::NoSocket`].
pub async fn docker_socket(transport: &dyn Transport) -> Result<String, TransportError> {
    let output = transport.run(RemoteCommand::script(LOOK), DEADLINE, 4096).await?;
    match output.text().lines().next() {
        Some(path) if output.success() && path.starts_with('/') => Ok(path.to_owned()),
        _ => Err(TransportError::NoSocket { path: DOCKER_SOCKET.to_owned() }),
    }
}
