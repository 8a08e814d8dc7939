//! A thread that writes in the loop's place where a write may wait: one piece at a time, and while it
//! is at one it takes no other. It holds no more than that piece, and no lock while it writes.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::message::inbox::Inbox;

/// How long the end waits for the piece that is being written, so that nothing comes behind it.
const LAST_PIECE: Duration = Duration::from_millis(200);

/// Takes pieces for a thread of its own, which ends with this, or in the write that it hangs in.
pub struct Porter {
    desk: Arc<Desk>,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Desk {
    load: Mutex<Load>,
    changed: Condvar,
}

#[derive(Default)]
struct Load {
    /// What the thread is to write next.
    next: Option<Vec<u8>>,
    /// Whether it has something to write, or writes.
    busy: bool,
    /// Whether somebody was sent away and is to be woken.
    awaited: bool,
    /// Why the last piece was not written whole.
    failed: Option<io::Error>,
    closed: bool,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Load> {
        // A poisoned lock only means that a thread panicked while it held plain data.
        self.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece, however long it takes to come; `None` at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let idle = |load: &mut Load| load.next.is_none() && !load.closed;
        let load = self.changed.wait_while(self.lock(), idle);
        load.unwrap_or_else(PoisonError::into_inner).next.take()
    }

    /// The piece is done; whether somebody waits for that.
    fn done(&self, result: io::Result<()>) -> bool {
        let mut load = self.lock();
        load.busy = false;
        load.failed = result.err();
        let wake = std::mem::take(&mut load.awaited) || load.failed.is_some();
        drop(load);
        self.changed.notify_all();
        wake
    }
}

impl Porter {
    /// Starts it. The inbox is woken when a piece is done that somebody waits for, or that failed.
    pub fn start(mut out: impl Write + Send + 'static, inbox: Arc<Inbox>) -> io::Result<Self> {
        let desk = Arc::<Desk>::default();
        let (its, wakes) = (Arc::clone(&desk), Arc::clone(&inbox));
        std::thread::Builder::new().name("porter".to_owned()).spawn(move || {
            while let Some(piece) = its.next() {
                let result = out.write_all(&piece).and_then(|()| out.flush());
                if its.done(result) {
                    wakes.wake();
                }
            }
        })?;
        Ok(Self { desk, inbox })
    }

    /// Takes a copy of all of it, or says [`io::ErrorKind::WouldBlock`] while it is at the last piece.
    /// Fails where that one did.
    pub fn take(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut load = self.desk.lock();
        if let Some(error) = load.failed.take() {
            return Err(error);
        }
        if load.busy {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        load.busy = true;
        load.next = Some(bytes.to_vec());
        drop(load);
        self.desk.changed.notify_all();
        Ok(bytes.len())
    }

    /// Whether it takes a piece now.
    pub fn is_free(&self) -> bool {
        !self.desk.lock().busy
    }

    /// The inbox is to be woken once it is free.
    pub fn watch(&self) {
        let mut load = self.desk.lock();
        if load.busy {
            load.awaited = true;
            return;
        }
        drop(load);
        self.inbox.wake();
    }
}

impl Drop for Porter {
    fn drop(&mut self) {
        let mut load = self.desk.lock();
        load.closed = true;
        self.desk.changed.notify_all();
        // One that hangs is left behind: it ends with the process.
        let _ = self.desk.changed.wait_timeout_while(load, LAST_PIECE, |load| load.busy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::clock::monotonic;
    use std::io::{Read, pipe};

    #[test]
    fn a_piece_that_is_not_taken_holds_up_nobody_and_its_end_wakes() {
        let (mut there, here) = pipe().unwrap();
        let inbox = Arc::<Inbox>::default();
        let porter = Porter::start(here, Arc::clone(&inbox)).unwrap();
        // More than a pipe holds.
        let piece = vec![b'x'; 1 << 20];
        assert_eq!(porter.take(&piece).unwrap(), piece.len());
        assert_eq!(porter.take(b"more").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        porter.watch();
        let reader = std::thread::spawn(move || {
            let mut all = vec![0; 1 << 20];
            there.read_exact(&mut all).unwrap();
            there
        });
        let start = monotonic();
        inbox.wait(Some(Duration::from_secs(10)));
        assert!(start.elapsed() < Duration::from_secs(9) && porter.is_free());
        let there = reader.join().unwrap();
        // Nobody is there to take the next one.
        drop(there);
        assert_eq!(porter.take(b"more").unwrap(), 4);
        inbox.wait(Some(Duration::from_secs(10)));
        assert_eq!(porter.take(b"more").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn the_end_waits_for_what_is_written_and_leaves_what_hangs() {
        let (mut there, here) = pipe().unwrap();
        let porter = Porter::start(here, Arc::default()).unwrap();
        porter.take(b"the last").unwrap();
        drop(porter);
        let mut text = String::new();
        there.read_to_string(&mut text).unwrap();
        assert_eq!(text, "the last");

        let (_there, here) = pipe().unwrap();
        let porter = Porter::start(here, Arc::default()).unwrap();
        porter.take(&vec![b'x'; 1 << 20]).unwrap();
        let start = monotonic();
        drop(porter);
        assert!((200..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
}
