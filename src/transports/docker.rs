//! The Docker API of a server, over its transport. Connections to the engine's socket are kept
//! open between requests, so that a call costs one round trip.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::errors::Error as DockerError;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tower_service::Service;

use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::text::{clean, shorten};

use super::{BoxDuplex, RemoteCommand, Transport, TransportError};

/// Where the engine listens unless it is told otherwise.
pub const DOCKER_SOCKET: &str = "/var/run/docker.sock";

/// How long the engine may take to begin an answer.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// How long a connection without a request is kept; where a command carries it, it holds a session.
const IDLE: Duration = Duration::from_secs(30);
/// How many such connections.
const IDLE_CONNECTIONS: usize = 2;

/// The API of the engine that listens on `socket` there. Connects only when it is used.
pub fn docker(transport: Arc<dyn Transport>, socket: &str) -> Result<Docker, DockerError> {
    let connector = Connector::new(transport, socket);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .build(connector);
    let send = move |request: BollardRequest| {
        let answer = client.request(request);
        async move { Ok(answer.await?) }
    };
    Docker::connect_with_custom_transport(send, Some("http://docker"), ANSWER.as_secs(), API_DEFAULT_VERSION)
}

/// An error of the API for the screen; what the transport knows of it goes before what the HTTP
/// client says.
pub fn failure(error: &DockerError, what: &str) -> Failure {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(transport) = cause.downcast_ref::<TransportError>() {
            return transport.failure(what);
        }
        next = cause.source();
    }
    let failure =
        |kind, why: Vec<String>| Failure { kind, what: what.to_owned(), why, hint: None, retry: Retry::Now };
    match error {
        DockerError::DockerResponseServerError { status_code, message } => {
            let kind = match status_code {
                404 => FailureKind::NotFound,
                409 => FailureKind::Conflict,
                403 => FailureKind::Permission,
                _ => FailureKind::Invalid,
            };
            failure(kind, vec![shorten(&clean(message), 400).into_owned()])
        }
        DockerError::RequestTimeoutError => {
            failure(FailureKind::Timeout, vec![format!("no answer within {} s", ANSWER.as_secs())])
        }
        other => failure(FailureKind::Unreachable, Failure::chain(other)),
    }
}

/// Opens connections to the socket, by a forwarded stream or, where the server forbids that, by
/// the command that Docker has for it.
#[derive(Clone)]
pub(super) struct Connector {
    transport: Arc<dyn Transport>,
    socket: Arc<str>,
    by_command: Arc<AtomicBool>,
}

impl Connector {
    pub(super) fn new(transport: Arc<dyn Transport>, socket: &str) -> Self {
        Self { transport, socket: socket.into(), by_command: Arc::default() }
    }

    pub(super) async fn connect(self) -> Result<SocketIo, TransportError> {
        if !self.by_command.load(Ordering::Relaxed) {
            match self.transport.unix(&self.socket).await {
                Ok(stream) => return Ok(SocketIo(TokioIo::new(stream))),
                Err(forbidden @ TransportError::Forwarding { .. }) => self.probe(forbidden).await?,
                Err(error) => return Err(error),
            }
            self.by_command.store(true, Ordering::Relaxed);
        }
        let piped = self.transport.pipe(self.program().args(["system", "dial-stdio"])).await?;
        let stream: BoxDuplex = Box::new(tokio::io::join(piped.exec.stdout, piped.stdin));
        Ok(SocketIo(TokioIo::new(stream)))
    }

    fn program(&self) -> RemoteCommand {
        RemoteCommand::new("docker").args(["--host", &format!("unix://{}", self.socket)])
    }

    /// `dial-stdio` says nothing when it fails, so the command is tried before it is relied on.
    async fn probe(&self, forbidden: TransportError) -> Result<(), TransportError> {
        let command = self.program().args(["version", "--format", "{{.Server.APIVersion}}"]);
        let output = self.transport.run(command, ANSWER, 4096).await?;
        match output.status {
            super::ExitStatus::Code(0) => Ok(()),
            // The shell found no such program: the way that is left is the forbidden one.
            super::ExitStatus::Code(126 | 127) => Err(forbidden),
            _ => Err(TransportError::SocketRefused { path: self.socket.to_string() }),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = SocketIo;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<SocketIo, TransportError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

/// A stream as the HTTP client wants it.
pub(super) struct SocketIo(TokioIo<BoxDuplex>);

impl Connection for SocketIo {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for SocketIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for SocketIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
