//! Why a Unix socket on a server does not take a connection: missing, not ours, nobody behind it,
//! or the server forbids it. SSH answers all four with the same words, so the server is asked.

use std::io;
use std::time::Duration;

use super::{RemoteCommand, Transport, TransportError};

/// How long the look may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Prints `missing`, `denied USER GROUP` or `there` for the path in `$1`. busybox has all of it.
const LOOK: &str = r#"
if [ ! -S "$1" ]; then
  # A directory that may not be entered looks like a missing socket; its group then tells who may.
  d=${1%/*}
  while [ -n "$d" ] && [ ! -e "$d" ]; do d=${d%/*}; done
  if [ -n "$d" ] && [ ! -x "$d" ]; then echo "denied $(id -un) $(stat -c %G "$d")"; else echo missing; fi
elif [ -w "$1" ]; then echo there
else echo "denied $(id -un) $(stat -c %G "$1")"
fi"#;

/// Turns a refused connection to the socket at `path` into the error that says why. `source` is
/// the system's own error where there is one; over SSH there is none.
pub(super) async fn explain(
    transport: &dyn Transport,
    path: &str,
    source: Option<io::Error>,
) -> TransportError {
    let path = path.to_owned();
    let look = transport.run(RemoteCommand::script(LOOK).arg(&path), DEADLINE, 4096).await;
    let said = match &look {
        Ok(output) => output.text(),
        Err(_) => String::new(),
    };
    let mut words = said.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("missing"), ..) => TransportError::NoSocket { path },
        (Some("denied"), Some(user), group) => TransportError::SocketDenied {
            path,
            user: crate::domain::text::clean(user).into_owned(),
            group: crate::domain::text::clean(group.unwrap_or("?")).into_owned(),
        },
        (Some("there"), ..) => match source {
            Some(source) if source.kind() == io::ErrorKind::ConnectionRefused => {
                TransportError::SocketRefused { path }
            }
            Some(source) => TransportError::Io(source),
            None => TransportError::Forwarding { to: path },
        },
        _ => match (look, source) {
            (_, Some(source)) => TransportError::Io(source),
            (Err(error), None) => error,
            (Ok(_), None) => TransportError::Refused { to: path },
        },
    }
}
