//! Bytes on their way from a server into a repository: a bounded queue between the task that reads the
//! connection and the thread that writes. What is not said to be whole breaks where it ends.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, Bytes};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

/// How many pieces wait at most. A repository that is slow for a moment does not stop the connection,
/// which ends a stream that nobody reads.
const WAITING: usize = 32;

/// A queue of pieces of at most a mebibyte.
pub fn incoming() -> (Feed, Incoming) {
    let (tell, come) = mpsc::channel(WAITING);
    let whole = Arc::new(AtomicBool::new(false));
    let incoming = Incoming { come, current: Bytes::new(), ended: false, whole };
    (Feed { tell, hash: Sha256::new(), bytes: 0 }, incoming)
}

enum Piece {
    Bytes(Bytes),
    End,
}

/// The end that is fed. Dropping it without [`Feed::whole`] breaks the stream.
pub struct Feed {
    tell: mpsc::Sender<Piece>,
    hash: Sha256,
    bytes: u64,
}

/// What went through a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// How many bytes.
    pub bytes: u64,
    /// Their SHA-256.
    pub hash: [u8; 32],
}

/// Nobody takes the bytes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NobodyTakes;

impl Feed {
    /// Waits for room and adds a piece.
    pub async fn push(&mut self, bytes: Bytes) -> Result<(), NobodyTakes> {
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        self.tell.send(Piece::Bytes(bytes)).await.map_err(|_| NobodyTakes)
    }

    /// How many bytes went through so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All of it came, and whoever sent it says that it is good.
    pub async fn whole(self) -> Result<Sum, NobodyTakes> {
        self.tell.send(Piece::End).await.map_err(|_| NobodyTakes)?;
        Ok(Sum { bytes: self.bytes, hash: self.hash.finalize().into() })
    }
}

/// The end that is read, by a thread that may block.
pub struct Incoming {
    come: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
    whole: Arc<AtomicBool>,
}

impl Incoming {
    /// Is set once all of it was taken, and it was whole.
    pub(super) fn whole(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.whole)
    }
}

impl Read for Incoming {
    /// Fills the buffer to its end while anything comes: the library that reads goes on with what it was
    /// given at first, and would crawl.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() && !self.ended {
            if self.current.is_empty() {
                match self.come.blocking_recv() {
                    Some(Piece::Bytes(bytes)) => self.current = bytes,
                    Some(Piece::End) => {
                        self.ended = true;
                        self.whole.store(true, Ordering::Release);
                    }
                    None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream was cut")),
                }
                continue;
            }
            let n = self.current.len().min(buf.len() - filled);
            buf[filled..filled + n].copy_from_slice(&self.current[..n]);
            self.current.advance(n);
            filled += n;
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &'static [&'static [u8]], whole: bool) -> (io::Result<Vec<u8>>, bool) {
        let (mut feed, mut incoming) = incoming();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.spawn(async move {
            for piece in pieces {
                feed.push(Bytes::from_static(piece)).await.unwrap();
            }
            if whole {
                feed.whole().await.unwrap();
            }
        });
        let flag = incoming.whole();
        let mut out = Vec::new();
        let result = incoming.read_to_end(&mut out).map(|_| out);
        (result, flag.load(Ordering::Acquire))
    }

    #[test]
    fn what_is_whole_comes_to_its_end() {
        let (result, whole) = read(&[b"night ", b"", b"watch"], true);
        assert_eq!(result.unwrap(), b"night watch");
        assert!(whole);
    }

    #[test]
    fn what_is_cut_breaks_and_is_not_whole() {
        let (result, whole) = read(&[b"night "], false);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(!whole);
    }

    #[test]
    fn a_read_is_filled_from_many_pieces() {
        let (mut feed, mut incoming) = incoming();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for piece in [&b"ab"[..], b"cd", b"ef"] {
                feed.push(Bytes::from_static(piece)).await.unwrap();
            }
            assert_eq!(feed.whole().await.unwrap().bytes, 6);
        });
        let mut buf = [0; 5];
        assert_eq!(incoming.read(&mut buf).unwrap(), 5);
        assert_eq!(incoming.read(&mut buf).unwrap(), 1);
    }
}
