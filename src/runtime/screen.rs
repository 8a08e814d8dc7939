//! What the terminal shows now, so that only the difference is sent, in one write.

use std::io::{self, Write};

use crossterm::style::{Attribute, SetAttribute};
use crossterm::{cursor, queue, terminal};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::pen::Pen;

/// Two buffers, what is shown and what will be, and a sink that gets whole frames.
pub struct Screen<W: Write> {
    sink: W,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    pen: Pen,
    /// Whether what the terminal shows is not known (at start, after a resize).
    stale: bool,
}

impl<W: Write> Screen<W> {
    /// A screen of a size, of which nothing is known yet.
    pub fn new(sink: W, columns: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, columns, rows);
        let (shown, next) = (Buffer::empty(area), Buffer::empty(area));
        Self { sink, shown, next, cursor: None, pen: Pen::reset(), stale: true }
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
            let attributes = SetAttribute(Attribute::Reset);
            queue!(frame, attributes, cursor::Hide, terminal::Clear(terminal::ClearType::All))?;
            self.pen = Pen::reset();
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
            for (x, y, cell) in changed {
                self.pen.write(&mut frame, x, y, cell)?;
            }
        } else if !moves && frame.is_empty() {
            return Ok(0);
        }
        if cursor.is_some() {
            self.pen.lift();
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
    use proptest::prelude::*;
    use ratatui::style::{Color, Modifier, Style};

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
        assert!((1..10).contains(&sent), "one changed digit cost {sent} bytes");
    }

    #[test]
    fn what_stands_behind_a_wide_character_is_where_it_belongs() {
        let mut screen = Screen::new(Vec::new(), 20, 1);
        screen.draw(say("a世b")).unwrap();
        screen.draw(say("a世界c")).unwrap();
        let mut terminal = vt100::Parser::new(1, 20, 0);
        terminal.process(&screen.sink);
        assert_eq!(terminal.screen().contents(), "a世界c");
    }

    /// A cell as an emulator has it: text, colors, bold, underlined, reversed.
    type Seen = (String, vt100::Color, vt100::Color, bool, bool, bool);

    fn seen(cell: &vt100::Cell) -> Seen {
        let text = if cell.contents().is_empty() { " " } else { cell.contents() };
        (text.to_owned(), cell.fgcolor(), cell.bgcolor(), cell.bold(), cell.underline(), cell.inverse())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_sent_bit_by_bit_is_what_is_sent_whole(
            frames in prop::collection::vec(
                prop::collection::vec((0u16..30, 0u16..5, "[ -~äé▂█]{1,6}", 0usize..4, 0usize..4, 0u16..512), 0..12),
                1..6,
            )
        ) {
            let colors = [Color::Reset, Color::Red, Color::Rgb(1, 2, 3), Color::Indexed(99)];
            let paint = |texts: &[(u16, u16, String, usize, usize, u16)], buf: &mut Buffer| {
                for (x, y, text, fg, bg, modifier) in texts {
                    let style = Style::new().fg(colors[*fg]).bg(colors[*bg]);
                    let modifier = Modifier::from_bits_truncate(*modifier)
                        & (Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED);
                    buf.set_string(*x, *y, text, style.add_modifier(modifier));
                }
            };
            let mut bit_by_bit = Screen::new(Vec::new(), 30, 5);
            let mut shown: Vec<(u16, u16, String, usize, usize, u16)> = Vec::new();
            for frame in &frames {
                // Something of what was there stays.
                shown.truncate(shown.len() / 2);
                shown.extend(frame.iter().cloned());
                bit_by_bit.draw(|buf| { paint(&shown, buf); None }).unwrap();
            }
            let mut whole = Screen::new(Vec::new(), 30, 5);
            whole.draw(|buf| { paint(&shown, buf); None }).unwrap();
            let (mut one, mut other) = (vt100::Parser::new(5, 30, 0), vt100::Parser::new(5, 30, 0));
            one.process(&bit_by_bit.sink);
            other.process(&whole.sink);
            for y in 0..5 {
                for x in 0..30 {
                    let cell = |parser: &vt100::Parser| parser.screen().cell(y, x).map(seen);
                    prop_assert_eq!(cell(&one), cell(&other), "{}, {}", x, y);
                }
            }
        }
    }
}
