//! A connection that a test can cut: every stream on it breaks at once, as a lost one's do.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use midwatch::collectors::supervisor::Connections;
use midwatch::domain::failure::Failure;
use midwatch::domain::ids::ServerId;
use midwatch::transports::exec::{Exec, Piped};
use midwatch::transports::{BoxDuplex, RemoteCommand, Transport, TransportError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Gives connections over another way to the server, and cuts the one that stands.
pub struct Cuttable {
    way: Arc<dyn Connections>,
    standing: Mutex<CancellationToken>,
}

impl Cuttable {
    pub fn over(way: Arc<dyn Connections>) -> Arc<Self> {
        Arc::new(Self { way, standing: Mutex::default() })
    }

    pub fn cut(&self) {
        self.standing.lock().unwrap().cancel();
    }
}

#[async_trait::async_trait]
impl Connections for Cuttable {
    async fn wait_up(&self, server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        let inner = self.way.wait_up(server).await?;
        let cut = CancellationToken::new();
        *self.standing.lock().unwrap() = cut.clone();
        Ok(Arc::new(Connection { inner, cut }))
    }
}

struct Connection {
    inner: Arc<dyn Transport>,
    cut: CancellationToken,
}

impl Connection {
    fn exec(&self, exec: Exec) -> Exec {
        Exec { stdout: self.read(exec.stdout), stderr: self.read(exec.stderr), status: exec.status }
    }

    fn read(
        &self,
        inner: Box<dyn AsyncRead + Send + Sync + Unpin>,
    ) -> Box<dyn AsyncRead + Send + Sync + Unpin> {
        Box::new(Stream { inner, cut: Mutex::new(Box::pin(self.cut.clone().cancelled_owned())) })
    }
}

#[async_trait::async_trait]
impl Transport for Connection {
    async fn exec(&self, command: RemoteCommand) -> Result<Exec, TransportError> {
        Ok(self.exec(self.inner.exec(command).await?))
    }

    async fn pipe(&self, command: RemoteCommand) -> Result<Piped, TransportError> {
        let piped = self.inner.pipe(command).await?;
        Ok(Piped { stdin: piped.stdin, exec: self.exec(piped.exec) })
    }

    async fn unix(&self, path: &str) -> Result<BoxDuplex, TransportError> {
        let inner = self.inner.unix(path).await?;
        Ok(Box::new(Stream { inner, cut: Mutex::new(Box::pin(self.cut.clone().cancelled_owned())) }))
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<BoxDuplex, TransportError> {
        self.inner.tcp(host, port).await
    }

    fn is_closed(&self) -> bool {
        self.cut.is_cancelled() || self.inner.is_closed()
    }

    async fn closed(&self) -> TransportError {
        tokio::select! {
            () = self.cut.cancelled() => TransportError::Closed,
            error = self.inner.closed() => error,
        }
    }
}

struct Stream<S> {
    inner: S,
    cut: Mutex<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.cut.lock().unwrap().as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
