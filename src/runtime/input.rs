//! The thread that reads the terminal and translates its keys.

use std::io;
use std::sync::Arc;

use crossterm::event::{
    Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::tap::Tap;
use crate::keys::chord::{Chord, Key};
use crate::keys::mouse::{Cell, Gesture, Mouse};
use crate::message::event::Event;
use crate::message::inbox::Inbox;

/// Reads until the terminal ends, and then asks to quit. The thread ends with the process: a read
/// under way cannot be called back.
pub fn spawn(inbox: Arc<Inbox>, tap: Arc<Tap>, closed: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        // A panic ends it too: a console without keys is worse than none.
        let _closed = AtEnd(Some(closed));
        let mut size = terminal_size();
        loop {
            if let Some(lent) = tap.wanted() {
                lent.carry();
                size = terminal_size();
                if let Some((columns, rows)) = size {
                    inbox.input(Event::Resize(columns, rows));
                }
                continue;
            }
            match crossterm::event::read() {
                Ok(raw) => {
                    // A change of size that comes with a key may not be told by itself: the library
                    // looks at one of the two, and hears of the other once.
                    let found = match raw {
                        Raw::Resize(columns, rows) => Some((columns, rows)),
                        _ => terminal_size(),
                    };
                    if found != size
                        && !matches!(raw, Raw::Resize(..))
                        && let Some((columns, rows)) = found
                    {
                        inbox.input(Event::Resize(columns, rows));
                    }
                    size = found;
                    if let Some(event) = translate(raw) {
                        inbox.input(event);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(())
}

/// Columns and rows of the terminal.
pub(super) fn terminal_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some((size.ws_col, size.ws_row))
}

/// Called when it is dropped, however that comes.
struct AtEnd<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell();
        }
    }
}

/// Our word for the terminal library's; `None` for what we have no use for.
pub fn translate(raw: Raw) -> Option<Event> {
    match raw {
        Raw::Key(key) if key.kind != KeyEventKind::Release => chord(key).map(Event::Key),
        Raw::Mouse(mouse) => gesture(mouse).map(Event::Mouse),
        Raw::Paste(text) => Some(Event::Paste(text)),
        Raw::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        Raw::Key(_) | Raw::FocusGained | Raw::FocusLost => None,
    }
}

fn chord(event: KeyEvent) -> Option<Chord> {
    let mut shift = event.modifiers.contains(KeyModifiers::SHIFT);
    let key = match event.code {
        KeyCode::Char(c) => {
            shift = false;
            Key::Char(c)
        }
        KeyCode::BackTab => {
            shift = true;
            Key::Tab
        }
        KeyCode::F(n @ 1..=12) => Key::F(n),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    Some(Chord { key, ctrl, alt, shift })
}

fn gesture(event: MouseEvent) -> Option<Mouse> {
    let gesture = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Gesture::Press,
        MouseEventKind::Drag(MouseButton::Left) => Gesture::Drag,
        MouseEventKind::Up(MouseButton::Left) => Gesture::Release,
        MouseEventKind::ScrollDown => Gesture::ScrollDown(1),
        MouseEventKind::ScrollUp => Gesture::ScrollUp(1),
        _ => return None,
    };
    Some(Mouse { at: Cell { column: event.column, row: event.row }, gesture })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Event> {
        translate(Raw::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn a_capital_is_a_character_and_not_a_shifted_one() {
        let expected = "G".parse().map(Event::Key).ok();
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), expected);
    }

    #[test]
    fn back_tab_is_shift_tab() {
        let expected = "shift-tab".parse().map(Event::Key).ok();
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::SHIFT), expected);
    }
}
