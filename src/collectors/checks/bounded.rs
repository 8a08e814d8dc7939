//! A stream that ends after so much was read from it: what speaks another protocol than we do is not
//! listened to for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, ReadHalf, Take, WriteHalf};

use crate::transports::BoxDuplex;

/// A bounded stream.
pub struct Bounded {
    read: Take<ReadHalf<BoxDuplex>>,
    write: WriteHalf<BoxDuplex>,
}

impl Bounded {
    /// Of which at most `most` bytes are read.
    pub fn new(stream: BoxDuplex, most: u64) -> Self {
        let (read, write) = tokio::io::split(stream);
        Self { read: read.take(most), write }
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, buf)
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(cx)
    }
}
