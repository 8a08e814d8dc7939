//! PostgreSQL's TLS by our own handshake, so that the same roots and words serve.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::http::HttpError;
use crate::http::roots::Roots;
use crate::http::tls::{Speak, handshake};

/// Shakes hands for one connection.
pub struct PgTls {
    /// The name that the certificate must be for.
    pub name: String,
    /// Whom to trust.
    pub roots: Roots,
    /// Which certificate does not end it.
    pub trust: Trust,
}

/// Whose certificate will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Anyone's: libpq's `prefer` does not look at it.
    Anyone,
    /// One that a trusted root signed, whatever its name: `verify-ca`.
    Signed,
    /// One that is for the name as well: `verify-full`.
    Named,
}

impl<S> TlsConnect<S> for PgTls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Encrypted<S>, HttpError>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let (stream, peer) = handshake(stream, &self.name, &self.roots, Speak::Nothing).await?;
            match self.trust {
                Trust::Anyone => {}
                Trust::Signed => peer.require_signed()?,
                Trust::Named => peer.require_trust()?,
            }
            Ok(Encrypted(stream))
        })
    }
}

/// An encrypted stream without channel binding: SCRAM works without, and few servers offer it.
pub struct Encrypted<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Encrypted<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
