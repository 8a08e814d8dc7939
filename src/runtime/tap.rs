//! What the terminal sends, as it is and not as keys, for a program elsewhere that has it for a while.
//! The thread that reads keys does it, so that no two ever read at the same time.

use std::fs::File;
use std::io::{self, IsTerminal, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crossterm::event;
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::SIGWINCH;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How many reads may wait for whoever takes them.
const ROOM: usize = 16;
/// How much is read at a time.
const PIECE: usize = 16 * 1024;
/// How long the reading thread may take to let go of the console.
const SOON: Duration = Duration::from_secs(2);

/// Where the reading thread looks whether another wants what it reads.
#[derive(Debug, Default)]
pub struct Tap {
    wanted: Mutex<Option<Lent>>,
}

/// A wish for what the terminal sends.
#[derive(Debug)]
pub struct Lent {
    to: Sender<Vec<u8>>,
    until: PipeReader,
    begun: oneshot::Sender<()>,
}

/// What the terminal sends, until this is dropped.
#[derive(Debug)]
pub struct Keys {
    /// The bytes; its end is the terminal's.
    pub bytes: Receiver<Vec<u8>>,
    begun: oneshot::Receiver<()>,
    _until: PipeWriter,
}

impl Tap {
    /// From now on what the terminal sends goes here.
    pub fn open(&self) -> io::Result<Keys> {
        let (keys, lent) = pair()?;
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(lent);
        // The thread sits in a read; a change of size is the one thing beside a key that ends it.
        signal_hook::low_level::raise(SIGWINCH)?;
        Ok(keys)
    }

    /// The wish that was not granted yet.
    pub(super) fn wanted(&self) -> Option<Lent> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn pair() -> io::Result<(Keys, Lent)> {
    let (until, end) = io::pipe()?;
    let (to, bytes) = channel(ROOM);
    let (tell, begun) = oneshot::channel();
    Ok((Keys { bytes, begun, _until: end }, Lent { to, until, begun: tell }))
}

impl Keys {
    /// Waits until what is typed goes here and no longer to the console: whoever is shown something after
    /// that can answer it, and nothing of the answer is lost.
    pub async fn begun(&mut self) {
        // A terminal that ended meanwhile has no more keys, which is told by the bytes.
        let _ = timeout(SOON, &mut self.begun).await;
    }
}

/// What standard input sends, for who has no thread that reads keys.
pub fn standard_input() -> io::Result<Keys> {
    let (keys, lent) = pair()?;
    std::thread::Builder::new().name("input".to_owned()).spawn(move || lent.read(&io::stdin()))?;
    Ok(keys)
}

impl Lent {
    /// Reads until nobody wants it any more, or the terminal ends.
    pub(super) fn carry(self) {
        // What was typed before was for the console, and that has nothing to do with it now.
        while matches!(event::poll(Duration::ZERO), Ok(true)) {
            if event::read().is_err() {
                return;
            }
        }
        if let Ok(terminal) = terminal() {
            self.read(&terminal);
        }
    }

    fn read(self, from: &impl AsFd) {
        // Nobody may wait for it any more.
        let _ = self.begun.send(());
        let mut piece = vec![0; PIECE];
        loop {
            let mut fds = [PollFd::new(from, PollFlags::IN), PollFd::new(&self.until, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return,
            }
            if !fds[1].revents().is_empty() {
                return;
            }
            match rustix::io::read(from, &mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    if self.to.blocking_send(piece[..n].to_vec()).is_err() {
                        return;
                    }
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(_) => return,
            }
        }
    }
}

/// The terminal that keys are read from: standard input, else the controlling one.
fn terminal() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stdin.as_fd().try_clone_to_owned()
    } else {
        File::open("/dev/tty").map(Into::into)
    }
}
