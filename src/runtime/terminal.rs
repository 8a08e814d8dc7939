//! Taking the terminal over and giving it back as it was: at the end, after a panic, on a signal.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::{cursor, execute, queue, terminal};

use super::outlet;

/// Whether the terminal is ours now; giving it back twice would leave another program's screen.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, opened for us alone so that a write to it does not block; `None` where that cannot be.
static OWN: OnceLock<Option<Arc<File>>> = OnceLock::new();
/// How long the terminal has to take what gives it back; one that nobody reads never takes it.
const FAREWELL: Duration = Duration::from_millis(200);
/// Ends a string (the clipboard's) or a sequence that was cut; where nothing was, it does nothing.
const CUT: &[u8] = b"\x1b\\";

/// Holds the terminal; dropping it gives it back.
#[derive(Debug)]
pub struct Held(());

impl Held {
    /// A way to the terminal that does not block, where there is one.
    pub fn own(&self) -> Option<Arc<File>> {
        OWN.get().cloned().flatten()
    }
}

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
    OWN.get_or_init(|| match outlet::reopen() {
        Ok(own) => Some(Arc::new(own)),
        Err(error) => {
            tracing::warn!(%error, "no way to the terminal that does not block");
            None
        }
    });
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
    let mut bytes = CUT.to_vec();
    let queued = queue!(
        bytes,
        SetAttribute(Attribute::Reset),
        DisableMouseCapture,
        DisableBracketedPaste,
        cursor::Show,
        terminal::LeaveAlternateScreen
    );
    if queued.is_ok() {
        // Where the terminal is gone, or takes nothing, there is nobody to tell.
        let _ = match OWN.get() {
            Some(Some(own)) => outlet::write_within(own, &bytes, FAREWELL),
            // Not through the locked standard output: the thread that holds it may be the one that hangs.
            _ => raw_out().and_then(|mut out| out.write_all(&bytes)),
        };
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
