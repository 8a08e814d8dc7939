//! What the terminal shows now, so that only the difference is sent, in one write.

use std::io::{self, Write};

use crossterm::style::{Attribute, SetAttribute};
use crossterm::{cursor, queue, terminal};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::pen::Pen;

/// How many bytes that are no frame may wait for the terminal to take anything.
const WAITING: usize = 1 << 20;

/// Where frames go. One that would block says [`io::ErrorKind::WouldBlock`], and is given the rest later.
pub trait Sink: Write {
    /// Whether it is worth another try since it took no more.
    fn may_take_more(&self) -> bool {
        true
    }
    /// It took no more: the loop is to be woken when it does.
    fn watch(&mut self) {}
}

impl Sink for Vec<u8> {}

/// Two buffers, what is shown and what will be, and a sink that gets whole frames.
pub struct Screen<W: Sink> {
    sink: W,
    /// What the sink has not taken yet. No frame is drawn while there is any: the next one is the
    /// newest, and differs from what was really sent.
    unsent: Vec<u8>,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    pen: Pen,
    /// Whether what the terminal shows is not known (at start, after a resize).
    stale: bool,
}

impl<W: Sink> Screen<W> {
    /// A screen of a size, of which nothing is known yet.
    pub fn new(sink: W, columns: u16, rows: u16) -> Self {
        let area = Rect::new(0, 0, columns, rows);
        let (shown, next) = (Buffer::empty(area), Buffer::empty(area));
        Self { sink, unsent: Vec::new(), shown, next, cursor: None, pen: Pen::reset(), stale: true }
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
    /// how many bytes that is. Not to be called while the frame before is held up: what waits would
    /// grow.
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
        let length = frame.len();
        self.put(frame)?;
        Ok(length)
    }

    /// Sends bytes that are not part of a frame (the clipboard); `false` where they cannot even wait.
    pub fn send(&mut self, bytes: Vec<u8>) -> io::Result<bool> {
        if self.is_held_up() && self.unsent.len() + bytes.len() > WAITING {
            return Ok(false);
        }
        self.put(bytes)?;
        Ok(true)
    }

    /// What the terminal shows is not known any more: another had it.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Whether the terminal has not taken all that was sent.
    pub fn is_held_up(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends on what is held up, where that may go now.
    pub fn go_on(&mut self) -> io::Result<()> {
        if self.is_held_up() && self.sink.may_take_more() {
            let unsent = std::mem::take(&mut self.unsent);
            self.put(unsent)?;
        }
        Ok(())
    }

    fn put(&mut self, mut bytes: Vec<u8>) -> io::Result<()> {
        if self.is_held_up() {
            self.unsent.append(&mut bytes);
            return Ok(());
        }
        let mut taken = 0;
        while taken < bytes.len() {
            match self.sink.write(&bytes[taken..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => taken += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    bytes.drain(..taken);
                    self.unsent = bytes;
                    self.sink.watch();
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
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

    /// Takes so many bytes at a time and then says that it would block.
    struct Slow {
        taken: Vec<u8>,
        portions: Vec<usize>,
        full: bool,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.full = !self.full;
            let portion = if self.full { self.portions.pop().unwrap_or(usize::MAX) } else { 0 };
            let portion = portion.min(bytes.len());
            self.taken.extend_from_slice(&bytes[..portion]);
            if portion == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(portion) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Slow {}

    #[test]
    fn what_is_no_frame_waits_only_so_far() {
        let portions = Vec::new();
        let mut screen = Screen::new(Slow { taken: Vec::new(), portions, full: true }, 20, 2);
        assert!(screen.send(vec![b'x'; WAITING * 2]).unwrap() && screen.is_held_up());
        assert!(!screen.send(b"y".to_vec()).unwrap());
        screen.go_on().unwrap();
        assert!(!screen.is_held_up() && screen.send(b"y".to_vec()).unwrap());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_sent_bit_by_bit_is_what_is_sent_whole(
            frames in prop::collection::vec(
                prop::collection::vec((0u16..30, 0u16..5, "[ -~äé▂█]{1,6}", 0usize..4, 0usize..4, 0u16..512), 0..12),
                1..6,
            ),
            portions in prop::collection::vec(1usize..200, 0..40),
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
            let mut slow = Screen::new(Slow { taken: Vec::new(), portions, full: false }, 30, 5);
            let mut shown: Vec<(u16, u16, String, usize, usize, u16)> = Vec::new();
            for frame in &frames {
                // Something of what was there stays.
                shown.truncate(shown.len() / 2);
                shown.extend(frame.iter().cloned());
                bit_by_bit.draw(|buf| { paint(&shown, buf); None }).unwrap();
                // One that is held up leaves frames out.
                slow.go_on().unwrap();
                if !slow.is_held_up() {
                    slow.draw(|buf| { paint(&shown, buf); None }).unwrap();
                }
            }
            while slow.is_held_up() {
                slow.go_on().unwrap();
            }
            slow.draw(|buf| { paint(&shown, buf); None }).unwrap();
            while slow.is_held_up() {
                slow.go_on().unwrap();
            }
            let mut whole = Screen::new(Vec::new(), 30, 5);
            whole.draw(|buf| { paint(&shown, buf); None }).unwrap();
            let shows = |bytes: &[u8]| {
                let mut parser = vt100::Parser::new(5, 30, 0);
                parser.process(bytes);
                parser
            };
            let (one, other) = (shows(&bit_by_bit.sink), shows(&whole.sink));
            let late = shows(&slow.sink.taken);
            for y in 0..5 {
                for x in 0..30 {
                    let cell = |parser: &vt100::Parser| parser.screen().cell(y, x).map(seen);
                    prop_assert_eq!(cell(&one), cell(&other), "{}, {}", x, y);
                    prop_assert_eq!(cell(&late), cell(&other), "held up: {}, {}", x, y);
                }
            }
        }
    }
}
