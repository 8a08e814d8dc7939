//! Writes cells as a terminal takes them, with as few bytes as it can: what the pen's color and place
//! are is remembered from one frame to the next.

use std::io::{self, Write};

use crossterm::cursor::{MoveRight, MoveTo};
use crossterm::queue;
use crossterm::style::{
    Attribute, Print, SetAttribute, SetBackgroundColor, SetForegroundColor, SetUnderlineColor,
};
use ratatui::backend::IntoCrossterm;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

/// Attributes with what turns them on.
const ATTRIBUTES: [(Modifier, Attribute); 9] = [
    (Modifier::BOLD, Attribute::Bold),
    (Modifier::DIM, Attribute::Dim),
    (Modifier::ITALIC, Attribute::Italic),
    (Modifier::UNDERLINED, Attribute::Underlined),
    (Modifier::SLOW_BLINK, Attribute::SlowBlink),
    (Modifier::RAPID_BLINK, Attribute::RapidBlink),
    (Modifier::REVERSED, Attribute::Reverse),
    (Modifier::HIDDEN, Attribute::Hidden),
    (Modifier::CROSSED_OUT, Attribute::CrossedOut),
];

/// How the terminal would draw the next character, and where.
#[derive(Clone, Debug)]
pub struct Pen {
    /// A cell as it would come out.
    look: Cell,
    at: Option<(u16, u16)>,
}

impl Pen {
    /// Of a terminal whose attributes were just reset, and whose cursor may be anywhere.
    pub const fn reset() -> Self {
        Self { look: Cell::EMPTY, at: None }
    }

    /// The cursor was moved by others.
    pub fn lift(&mut self) {
        self.at = None;
    }

    /// Writes one cell.
    pub fn write(&mut self, out: &mut impl Write, x: u16, y: u16, cell: &Cell) -> io::Result<()> {
        self.go(out, x, y)?;
        self.style(out, cell)?;
        queue!(out, Print(cell.symbol()))?;
        // Terminals disagree on how far anything but a plain character moves them.
        self.at = (cell.symbol().width() == 1 && cell.symbol().chars().count() == 1).then_some((x + 1, y));
        Ok(())
    }

    fn go(&self, out: &mut impl Write, x: u16, y: u16) -> io::Result<()> {
        match self.at {
            Some(at) if at == (x, y) => Ok(()),
            Some((from, row)) if row == y && x > from => queue!(out, MoveRight(x - from)),
            _ => queue!(out, MoveTo(x, y)),
        }
    }

    fn style(&mut self, out: &mut impl Write, cell: &Cell) -> io::Result<()> {
        if !cell.modifier.contains(self.look.modifier) {
            // What turns one attribute off turns others off too: all are set anew.
            queue!(out, SetAttribute(Attribute::Reset))?;
            self.look = Cell::EMPTY;
        }
        for (modifier, attribute) in ATTRIBUTES {
            if (cell.modifier - self.look.modifier).contains(modifier) {
                queue!(out, SetAttribute(attribute))?;
            }
        }
        self.look.modifier = cell.modifier;
        if cell.fg != self.look.fg {
            queue!(out, SetForegroundColor(cell.fg.into_crossterm()))?;
            self.look.fg = cell.fg;
        }
        if cell.bg != self.look.bg {
            queue!(out, SetBackgroundColor(cell.bg.into_crossterm()))?;
            self.look.bg = cell.bg;
        }
        if cell.underline_color != self.look.underline_color {
            queue!(out, SetUnderlineColor(cell.underline_color.into_crossterm()))?;
            self.look.underline_color = cell.underline_color;
        }
        Ok(())
    }
}
