//! The way to the terminal that never waits: an open file description of our own, which does not
//! block, so that those who share standard output with us (standard input, the shell) keep theirs as
//! it is. Where there can be none, another thread waits in the loop's place. What the terminal does
//! not take now is its caller's to keep.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use super::clock::monotonic;
use super::porter::Porter;
use super::screen::Sink;
use crate::message::inbox::Inbox;

/// How long the terminal is given to say that it has room; then it is tried all the same.
const AGAIN: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// Opens the terminal behind standard output once more, not blocking. Fails where it has no name that
/// we may open: in a container without its devices, after `su`.
pub fn reopen() -> io::Result<File> {
    let out = io::stdout();
    let named = rustix::termios::ttyname(&out, Vec::new()).map_err(io::Error::from);
    let named = named.and_then(|name| open(OsStr::from_bytes(name.to_bytes())));
    named.or_else(|error| {
        // It has a foreground group for us only where it is our controlling terminal.
        if rustix::termios::tcgetpgrp(&out).is_ok() { open(OsStr::new("/dev/tty")) } else { Err(error) }
    })
}

/// Standard output past its lock, which a thread that hangs in a write to it may hold.
pub fn shared() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

fn open(path: &OsStr) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().write(true).custom_flags(flags.cast_signed()).open(path)
}

/// Writes all of it, or as much as is taken within this time.
pub fn write_within(mut out: &File, mut bytes: &[u8], within: Duration) -> io::Result<()> {
    let end = monotonic() + within;
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => bytes = &bytes[taken..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let left = end.saturating_duration_since(monotonic());
                if left.is_zero() {
                    return Err(error);
                }
                let left = Timespec::try_from(left).ok();
                // A signal in between, or an error: the next write tells.
                let _ = poll(&mut [PollFd::new(&out, PollFlags::OUT)], left.as_ref());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where the loop's bytes go.
pub enum Outlet {
    /// The terminal opened for us, which does not block.
    Own {
        /// The terminal.
        file: Arc<File>,
        /// Whether somebody waits for room in it.
        watched: Arc<AtomicBool>,
        /// Asks the thread that does to begin.
        watch: SyncSender<()>,
    },
    /// Standard output, where the terminal could not be opened again. It blocks, and others have it too.
    Shared(Porter),
}

impl Outlet {
    /// By the terminal opened for us, or by standard output where there is none. The inbox is woken
    /// when a terminal that was full has room again, by a thread that ends with this, or at the next
    /// room.
    pub fn new(own: Option<Arc<File>>, inbox: Arc<Inbox>) -> io::Result<Self> {
        let Some(file) = own else { return Ok(Self::Shared(Porter::start(shared()?, inbox)?)) };
        let watched = Arc::<AtomicBool>::default();
        let (watch, asked) = sync_channel(1);
        let (terminal, its) = (Arc::clone(&file), Arc::clone(&watched));
        std::thread::Builder::new().name("outlet".to_owned()).spawn(move || {
            while asked.recv().is_ok() {
                // A signal in between, or an error: the next write tells.
                let _ = poll(&mut [PollFd::new(&*terminal, PollFlags::OUT)], Some(&AGAIN));
                its.store(false, Ordering::Release);
                inbox.wake();
            }
        })?;
        Ok(Self::Own { file, watched, watch })
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Own { file, .. } => (&**file).write(bytes),
            Self::Shared(porter) => porter.take(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Outlet {
    fn may_take_more(&self) -> bool {
        match self {
            Self::Own { watched, .. } => !watched.load(Ordering::Acquire),
            Self::Shared(porter) => porter.is_free(),
        }
    }

    fn watch(&mut self) {
        match self {
            Self::Own { watched, watch, .. } => {
                if !watched.swap(true, Ordering::AcqRel) {
                    // There is room for one, and one at a time is asked for.
                    let _ = watch.try_send(());
                }
            }
            Self::Shared(porter) => porter.watch(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_takes_nothing_is_left_in_time() {
        let (_pty, pts) = pty_process::blocking::open().unwrap();
        let own =
            open(OsStr::from_bytes(rustix::termios::ttyname(&pts, Vec::new()).unwrap().to_bytes())).unwrap();
        let start = monotonic();
        let result = write_within(&own, &vec![b'x'; 4 << 20], Duration::from_millis(100));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!((100..1000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }

    #[test]
    fn room_that_comes_wakes_the_loop() {
        use std::io::Read;
        let (mut pty, pts) = pty_process::blocking::open().unwrap();
        let own =
            open(OsStr::from_bytes(rustix::termios::ttyname(&pts, Vec::new()).unwrap().to_bytes())).unwrap();
        let inbox = Arc::<Inbox>::default();
        let mut outlet = Outlet::new(Some(Arc::new(own)), Arc::clone(&inbox)).unwrap();
        // The kernel moves what was written out of the way a little later, and then has room once more.
        while outlet.may_take_more() {
            while outlet.write(&[b'x'; 4096]).is_ok() {}
            outlet.watch();
            inbox.wait(Some(Duration::from_millis(100)));
        }
        let reader = std::thread::spawn(move || {
            let mut some = vec![0; 1 << 20];
            for _ in 0..32 {
                let _ = pty.read(&mut some);
            }
            pty
        });
        let start = monotonic();
        inbox.wait(Some(Duration::from_secs(4)));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert!(outlet.may_take_more() && outlet.write(b"more").is_ok());
        drop(outlet);
        drop(pts);
        reader.join().unwrap();
    }
}
