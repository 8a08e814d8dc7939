//! This machine: processes and sockets, without a connection in between.

use std::os::unix::process::ExitStatusExt;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::exec::{Exec, ExitStatus, Piped};
use super::signature::{Identity, fingerprint};
use super::{BoxDuplex, RemoteCommand, Transport, TransportError};

/// How long a command that nobody waits for has between `SIGTERM` and `SIGKILL`.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// The machine that the console runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

#[async_trait]
impl Transport for Local {
    async fn exec(&self, mut command: RemoteCommand) -> Result<Exec, TransportError> {
        let stdin = command.take_stdin();
        let mut child = spawn(&command, if stdin.is_some() { Stdio::piped() } else { Stdio::null() })?;
        if let (Some(bytes), Some(mut pipe)) = (stdin, child.stdin.take()) {
            // A command that ends without reading its input is no failure of ours.
            tokio::spawn(async move { pipe.write_all(&bytes).await });
        }
        watch(child)
    }

    async fn pipe(&self, command: RemoteCommand) -> Result<Piped, TransportError> {
        let mut child = spawn(&command, Stdio::piped())?;
        let stdin = child.stdin.take().ok_or(TransportError::Closed)?;
        Ok(Piped { stdin: Box::new(stdin), exec: watch(child)? })
    }

    async fn unix(&self, path: &str) -> Result<BoxDuplex, TransportError> {
        match UnixStream::connect(path).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => Err(super::socket::explain(self, path, Some(source)).await),
        }
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<BoxDuplex, TransportError> {
        let failed = |source| TransportError::Connect { address: super::ssh::address(host, port), source };
        let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Box::new(stream))
    }

    /// That of the SSH session which this process belongs to, where sshd tells it (`ExposeAuthInfo yes`).
    fn identity(&self) -> Option<Identity> {
        let told = std::fs::read_to_string(std::env::var_os("SSH_USER_AUTH")?).ok()?;
        // `publickey ssh-ed25519 AAAA…`, a line for each method.
        let key = told.lines().find_map(|line| line.strip_prefix("publickey "))?;
        let key = fingerprint(&russh::keys::PublicKey::from_openssh(key).ok()?);
        Some(Identity { held: [key.clone()].into(), key, certificate: None })
    }

    fn is_closed(&self) -> bool {
        false
    }
}

fn spawn(command: &RemoteCommand, stdin: Stdio) -> Result<Child, TransportError> {
    Command::new("/bin/sh")
        .arg("-c")
        // The line is one simple command; without the shell around it, its signals are its own.
        .arg(format!("exec {}", command.line()))
        // Where sshd starts a command too.
        .current_dir(std::env::home_dir().filter(|home| home.is_dir()).unwrap_or_else(|| "/".into()))
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that what the command itself started ends with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| TransportError::Start { command: command.summary(), why: source.to_string() })
}

/// A command and all that it started: whatever happens to us, they end with it.
pub(super) struct Group(pub(super) Child);

impl Group {
    /// The child's own, while it was not waited for.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            // Failing means that it has ended already.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    /// There is no time to be polite where the runtime ends.
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

fn watch(mut child: Child) -> Result<Exec, TransportError> {
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(TransportError::Closed);
    };
    let unread = CancellationToken::new();
    let guard = Arc::new(unread.clone().drop_guard());
    let (mut tell, status) = oneshot::channel();
    let mut child = Group(child);
    tokio::spawn(async move {
        let abandoned = async {
            unread.cancelled().await;
            tell.closed().await;
        };
        tokio::select! {
            ended = child.0.wait() => {
                // Whoever asked may have gone; then nobody wants to know.
                let _ = tell.send(ended.map(exit_status).map_err(TransportError::Io));
            }
            () = abandoned => end(child).await,
        }
    });
    Ok(Exec {
        stdout: Box::new(Guarded { inner: stdout, _guard: Arc::clone(&guard) }),
        stderr: Box::new(Guarded { inner: stderr, _guard: guard }),
        status,
    })
}

async fn end(mut child: Group) {
    child.signal(Signal::TERM);
    // Where it does not end in time, dropping it kills it.
    let _ = tokio::time::timeout(GRACE, child.0.wait()).await;
}

pub(super) fn exit_status(status: std::process::ExitStatus) -> ExitStatus {
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitStatus::Code(u32::try_from(code).unwrap_or(255)),
        (None, Some(number)) => ExitStatus::Signal(signal_name(number)),
        (None, None) => ExitStatus::Code(255),
    }
}

/// As RFC 4254, 6.10 names them, which is what comes over SSH.
fn signal_name(number: i32) -> String {
    let names =
        [(1, "HUP"), (2, "INT"), (3, "QUIT"), (4, "ILL"), (6, "ABRT"), (8, "FPE"), (9, "KILL"), (11, "SEGV")];
    let more = [(13, "PIPE"), (14, "ALRM"), (15, "TERM")];
    names
        .iter()
        .chain(&more)
        .find(|(known, _)| *known == number)
        .map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

/// An output that keeps its command alive while it is held.
struct Guarded<R> {
    inner: R,
    _guard: Arc<DropGuard>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Guarded<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}
