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
use crate::domain::text::clean;

/// Whether the terminal is ours now; giving it back twice would leave another program's screen.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether a program elsewhere has it for a while.
static LENT: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is listened to.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// The terminal, opened for us alone so that a write to it does not block; `None` where that cannot be.
static OWN: OnceLock<Option<Arc<File>>> = OnceLock::new();
/// How long the terminal has to take what gives it back; one that nobody reads never takes it.
const FAREWELL: Duration = Duration::from_millis(200);
/// Ends a string (the clipboard's) or a sequence that was cut; where nothing was, it does nothing.
const CUT: &[u8] = b"\x1b\\";

/// What a program elsewhere may have left on: the string or sequence that it was cut off in, its screen,
/// the mouse in all its modes, focus, pastes, keys in other forms (kitty's, xterm's), cursor and keypad
/// keys, margins, insertion, a held-up screen, the other character set; no wrapping. The cursor stays
/// where it is, so that what was said can be read above a later prompt.
/// <https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>
const LEFT_ON: &[u8] = b"\x1b\\\x1b7\x1b[?1049l\x1b7\x1b[r\x1b8\x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[?2026l\x1b[=0;1u\x1b[>4;0m\x1b[?1l\x1b>\x1b[4l\x1b[?7h\x1b(B\x0f\x1b[0 q\x1b[0m\x1b[?25h";

/// Takes the title back that was put aside.
const TITLE_BACK: &[u8] = b"\x1b[23;0t";

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

/// What gives the terminal to a program elsewhere for a while: its own screen again, with a word of what
/// it now is, and its title kept.
pub fn lend(says: &str) -> Vec<u8> {
    LENT.store(true, Ordering::SeqCst);
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = queue!(
        bytes,
        SetAttribute(Attribute::Reset),
        DisableMouseCapture,
        DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        cursor::Show
    );
    bytes.extend_from_slice(b"\x1b[22;0t\r\n");
    bytes.extend_from_slice(clean(says).as_bytes());
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// What takes it back, whatever it was left in.
pub fn take_back() -> Vec<u8> {
    LENT.store(false, Ordering::SeqCst);
    let mut bytes = left_on();
    bytes.extend_from_slice(TITLE_BACK);
    // Writing to memory does not fail.
    let _ = queue!(bytes, terminal::EnterAlternateScreen, EnableBracketedPaste, cursor::Hide);
    if MOUSE.load(Ordering::SeqCst) {
        let _ = queue!(bytes, EnableMouseCapture);
    }
    bytes
}

/// What ends all that a program elsewhere may have left on.
pub fn left_on() -> Vec<u8> {
    LEFT_ON.to_vec()
}

/// Listens to the mouse, or leaves it to the terminal.
pub fn set_mouse(on: bool) -> io::Result<()> {
    MOUSE.store(on, Ordering::SeqCst);
    let mut out = io::stdout();
    if on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) }
}

/// Gives the terminal back. Safe to call at any time, from any thread; does nothing twice.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut bytes = CUT.to_vec();
    if LENT.swap(false, Ordering::SeqCst) {
        bytes = left_on();
        bytes.extend_from_slice(TITLE_BACK);
    }
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
            _ => blocking(bytes),
        };
    }
    let _ = terminal::disable_raw_mode();
}

/// Writes by a thread that is left behind where the terminal takes nothing: it ends with the process.
/// What is being written then goes first, since the kernel lets one write to a terminal at a time.
fn blocking(bytes: Vec<u8>) -> io::Result<()> {
    let mut out = outlet::shared()?;
    let (done, written) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("farewell".to_owned()).spawn(move || {
        // Who waited may have gone on.
        let _ = done.send(out.write_all(&bytes));
    })?;
    written.recv_timeout(FAREWELL).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}
