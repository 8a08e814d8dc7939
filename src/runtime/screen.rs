//! What the terminal shows now, so that only the difference is sent, in one write.

use std::io::{self, Write};

use crossterm::{cursor, queue, terminal};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Two buffers, what is shown and what will be, and a sink that gets whole frames.
pub struct Screen<W: Write> {
    sink: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// Whether what the terminal shows is not known (at start, after a resize).
    stale: bool,
}

impl<W: Write> Screen<W> {
    /// A screen of a size, of which nothing is known yet.
    pub fn new(sink: W, columns: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, columns, rows);
        Self { sink, shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, stale: true }
    }

    /// Another size; everything is drawn anew.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let area = Rect::new(0, 0, columns, rows);
        if area != self.next.area {
            self.next.resize(area);
            self.shown.resize(area);
        }
        self.stale = true;
    }

    /// Draws a frame and sends what differs, in one write; nothing where nothing does. Gives back
    /// how many bytes were sent.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<usize> {
        self.next.reset();
        let cursor = paint(&mut self.next);
        let mut frame = Vec::new();
        if self.stale {
            queue!(frame, cursor::Hide, terminal::Clear(terminal::ClearType::All))?;
            self.shown.reset();
            self.cursor = None;
            self.stale = false;
        }
        let changed = self.shown.diff(&self.next);
        let moves = cursor != self.cursor;
        if !changed.is_empty() {
            if self.cursor.is_some() {
                queue!(frame, cursor::Hide)?;
            }
            CrosstermBackend::new(&mut frame).draw(changed.into_iter())?;
        } else if !moves && frame.is_empty() {
            return Ok(0);
        }
        match cursor {
            Some(at) => queue!(frame, cursor::MoveTo(at.x, at.y), cursor::Show)?,
            None if self.cursor.is_some() => queue!(frame, cursor::Hide)?,
            None => {}
        }
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.send(&frame)?;
        Ok(frame.len())
    }

    /// Sends bytes that are not part of a frame (the clipboard).
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.sink.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn say(text: &'static str) -> impl FnOnce(&mut Buffer) -> Option<Position> {
        move |buf| {
            buf.set_string(0, 0, text, Style::new());
            None
        }
    }

    #[test]
    fn an_unchanged_screen_sends_nothing() {
        let mut screen = Screen::new(Vec::new(), 20, 2);
        assert!(screen.draw(say("cpu 12%")).unwrap() > 0);
        assert_eq!(screen.draw(say("cpu 12%")).unwrap(), 0);
        let sent = screen.draw(say("cpu 13%")).unwrap();
        assert!((1..40).contains(&sent), "one changed digit cost {sent} bytes");
    }
}
