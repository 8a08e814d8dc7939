//! A bounded queue of bytes between the task that empties a channel and whoever reads the stream.
//! Ending it says whether the stream came to its end or broke, which a plain pipe cannot.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};

/// A pipe that holds at most `limit` bytes, and one chunk beyond.
pub(super) fn pipe(limit: usize) -> (PipeWriter, PipeReader) {
    let shared = Arc::new(Shared { limit, state: Mutex::default() });
    (PipeWriter(Arc::clone(&shared)), PipeReader(shared))
}

/// The end that is fed. Dropping it without [`PipeWriter::end`] breaks the stream.
pub(super) struct PipeWriter(Arc<Shared>);

/// The end that is read.
pub(super) struct PipeReader(Arc<Shared>);

struct Shared {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Bytes>,
    bytes: usize,
    end: Option<Result<(), (io::ErrorKind, String)>>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    reader_gone: bool,
}

/// Nobody reads any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReaderGone;

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, chunk: Bytes) {
        self.bytes += chunk.len();
        self.chunks.push_back(chunk);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl PipeWriter {
    /// Waits for room, then adds the chunk.
    pub(super) async fn push(&self, chunk: Bytes) -> Result<(), ReaderGone> {
        let mut chunk = Some(chunk);
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.reader_gone {
                return Poll::Ready(Err(ReaderGone));
            }
            if state.bytes >= self.0.limit {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if let Some(chunk) = chunk.take() {
                state.take(chunk);
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Adds the chunk at once; where there is no room the oldest bytes go.
    pub(super) fn push_newest(&self, chunk: Bytes) {
        let mut state = self.0.lock();
        if state.reader_gone {
            return;
        }
        state.take(chunk);
        while state.bytes > self.0.limit && state.chunks.len() > 1 {
            if let Some(oldest) = state.chunks.pop_front() {
                state.bytes -= oldest.len();
            }
        }
    }

    /// The stream came to its end. The first ending counts.
    pub(super) fn end(&self) {
        self.finish(Ok(()));
    }

    /// The stream broke.
    pub(super) fn fail(&self, kind: io::ErrorKind, why: &str) {
        self.finish(Err((kind, why.to_owned())));
    }

    /// Waits until nobody reads any more.
    pub(super) async fn reader_gone(&self) {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.reader_gone {
                return Poll::Ready(());
            }
            state.writer = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn finish(&self, end: Result<(), (io::ErrorKind, String)>) {
        let mut state = self.0.lock();
        state.end.get_or_insert(end);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.fail(io::ErrorKind::ConnectionReset, "the connection was closed");
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.reader_gone = true;
        state.chunks.clear();
        state.bytes = 0;
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }
}

impl AsyncRead for PipeReader {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        let mut got = false;
        while buf.remaining() > 0 {
            let Some(chunk) = state.chunks.front_mut() else { break };
            let n = chunk.len().min(buf.remaining());
            buf.put_slice(&chunk[..n]);
            chunk.advance(n);
            if chunk.is_empty() {
                state.chunks.pop_front();
            }
            state.bytes -= n;
            got |= n > 0;
        }
        if got || buf.remaining() == 0 {
            if state.bytes < self.0.limit
                && let Some(writer) = state.writer.take()
            {
                writer.wake();
            }
            return Poll::Ready(Ok(()));
        }
        match &state.end {
            Some(Ok(())) => Poll::Ready(Ok(())),
            Some(Err((kind, why))) => Poll::Ready(Err(io::Error::new(*kind, why.clone()))),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;
    use tokio::time::timeout;

    #[tokio::test]
    async fn what_goes_in_comes_out_then_the_end() {
        let (writer, mut reader) = pipe(4);
        let feed = tokio::spawn(async move {
            for chunk in ["night ", "", "watch"] {
                writer.push(Bytes::from_static(chunk.as_bytes())).await.unwrap();
            }
            writer.end();
        });
        let mut text = String::new();
        reader.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "night watch");
        feed.await.unwrap();
    }

    #[tokio::test]
    async fn a_full_pipe_makes_the_writer_wait_until_it_is_read_or_dropped() {
        let (writer, mut reader) = pipe(3);
        writer.push(Bytes::from_static(b"abc")).await.unwrap();
        let waits = timeout(Duration::from_millis(20), writer.push(Bytes::from_static(b"d"))).await;
        assert!(waits.is_err(), "there was no room");
        let mut buf = [0; 2];
        reader.read_exact(&mut buf).await.unwrap();
        writer.push(Bytes::from_static(b"d")).await.unwrap();
        drop(reader);
        assert_eq!(writer.push(Bytes::from_static(b"e")).await, Err(ReaderGone));
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_breaks_the_stream() {
        let (writer, mut reader) = pipe(8);
        writer.push(Bytes::from_static(b"half a li")).await.unwrap();
        drop(writer);
        let mut buf = Vec::new();
        let broken = reader.read_to_end(&mut buf).await.unwrap_err();
        assert_eq!(
            (buf.as_slice(), broken.kind()),
            (b"half a li".as_slice(), io::ErrorKind::ConnectionReset)
        );
    }

    #[tokio::test]
    async fn the_newest_bytes_stay() {
        let (writer, mut reader) = pipe(4);
        for chunk in ["aa", "bb", "cc"] {
            writer.push_newest(Bytes::from_static(chunk.as_bytes()));
        }
        writer.end();
        let mut text = String::new();
        reader.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "bbcc");
    }
}
