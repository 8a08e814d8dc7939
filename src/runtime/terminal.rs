//! Taking the terminal over and giving it back as it was: at the end, after a panic, on a signal.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::{cursor, execute, terminal};

/// Whether the terminal is ours now; giving it back twice would leave another program's screen.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; dropping it gives it back.
#[derive(Debug)]
pub struct Held(());

/// Takes the terminal over: raw keys, the alternate screen, pastes as a whole, the mouse if wanted.
/// Its size is to be read after this.
///
/// A panic of this thread gives it back before its message is written. One of another thread does
/// not end the console (the supervisor catches a collector's), so it may touch neither modes nor
/// screen: it goes to the log.
///
/// Fails where standard output is something else: keys would still come from the controlling
/// terminal, and every frame would go to a file.
pub fn take(mouse: bool) -> io::Result<Held> {
    if !io::stdout().is_terminal() {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "standard output is no terminal"));
    }
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let held = Held(());
    let mut out = io::stdout().lock();
    execute!(out, terminal::EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    set_mouse(mouse)?;
    // From here on a change of size is noticed; one before the first read would be lost.
    event::poll(Duration::ZERO)?;
    let before = std::panic::take_hook();
    let drawing = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if TAKEN.load(Ordering::SeqCst) && std::thread::current().id() != drawing {
            tracing::error!("{info}");
            return;
        }
        give_back();
        before(info);
    }));
    Ok(held)
}

/// Listens to the mouse, or leaves it to the terminal.
pub fn set_mouse(on: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) }
}

/// Gives the terminal back. Safe to call at any time, from any thread; does nothing twice.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Not through the locked standard output: the thread that holds it may be the one that hangs.
    let mut bytes = Vec::new();
    let queued = execute!(
        bytes,
        SetAttribute(Attribute::Reset),
        DisableMouseCapture,
        DisableBracketedPaste,
        cursor::Show,
        terminal::LeaveAlternateScreen
    );
    if queued.is_ok() {
        // Where the terminal is gone there is nobody to tell.
        let _ = raw_out().and_then(|mut out| out.write_all(&bytes));
    }
    let _ = terminal::disable_raw_mode();
}

fn raw_out() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    Ok(std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}
