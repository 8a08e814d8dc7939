//! A stream that tells when it is over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

/// The stream; its token is cancelled once the other side has ended it, it failed, or nobody holds it.
pub(super) struct Watched<S> {
    stream: S,
    ended: CancellationToken,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, ended: CancellationToken) -> Self {
        Self { stream, ended }
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buf.filled().len(), buf.remaining());
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let over = match &read {
            Poll::Ready(Ok(())) => room > 0 && buf.filled().len() == before,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if over {
            self.ended.cancel();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Err(_)) = &written {
            self.ended.cancel();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn its_end_is_told_however_it_ends() {
        let (here, mut there) = tokio::io::duplex(16);
        let ended = CancellationToken::new();
        let mut watched = Watched::new(here, ended.clone());
        there.write_all(b"ahoy").await.unwrap();
        let mut four = [0; 4];
        watched.read_exact(&mut four).await.unwrap();
        assert!(!ended.is_cancelled());
        drop(there);
        assert_eq!(watched.read(&mut four).await.unwrap(), 0);
        assert!(ended.is_cancelled(), "the other side ended it");

        let (here, there) = tokio::io::duplex(16);
        let ended = CancellationToken::new();
        let mut watched = Watched::new(here, ended.clone());
        drop(there);
        watched.write_all(b"ahoy").await.unwrap_err();
        assert!(ended.is_cancelled(), "it takes nothing any more");

        let ended = CancellationToken::new();
        drop(Watched::new(tokio::io::duplex(16).0, ended.clone()));
        assert!(ended.is_cancelled(), "nobody holds it");
    }
}
