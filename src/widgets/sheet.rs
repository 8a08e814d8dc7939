//! Rows of text in several colors that scroll as one: for pages that are read from the top.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::text::{Place, put, width};
use super::wrap::wrap;
use super::{gauge, scrollbar};
use crate::domain::quantity::Percent;
use crate::theme::{Glyphs, Role, Theme};

/// A piece of a row.
#[derive(Clone, Debug)]
enum Piece {
    Text(String, Role, bool),
    Glyph(fn(&Glyphs) -> &'static str, Role),
    Gauge(Percent, u16),
    Rule,
}

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pieces: Vec<Piece>,
    cells: u16,
}

impl Line {
    /// An empty one that begins after so many cells.
    pub fn at(indent: u16) -> Self {
        Self { pieces: vec![Piece::Text(" ".repeat(usize::from(indent)), Role::Text, false)], cells: indent }
    }

    /// A heading with a rule to the edge.
    pub fn heading(title: &str, note: &str) -> Self {
        let line = Self::at(1).strong(title, Role::Muted).text(" ", Role::Text);
        let mut line =
            if note.is_empty() { line } else { line.text(note, Role::Muted).text(" ", Role::Text) };
        line.pieces.push(Piece::Rule);
        line
    }

    /// The cells that it takes so far.
    pub const fn cells(&self) -> u16 {
        self.cells
    }

    /// The same with text behind it.
    #[must_use]
    pub fn text(self, text: impl Into<String>, role: Role) -> Self {
        self.push(text.into(), role, false)
    }

    /// The same with bold text behind it.
    #[must_use]
    pub fn strong(self, text: impl Into<String>, role: Role) -> Self {
        self.push(text.into(), role, true)
    }

    /// The same with a glyph of the theme's set behind it.
    #[must_use]
    pub fn glyph(mut self, glyph: fn(&Glyphs) -> &'static str, role: Role) -> Self {
        self.pieces.push(Piece::Glyph(glyph, role));
        self.cells = self.cells.saturating_add(1);
        self
    }

    /// The same with a bar of so many cells behind it.
    #[must_use]
    pub fn gauge(mut self, share: Percent, cells: u16) -> Self {
        self.pieces.push(Piece::Gauge(share, cells));
        self.cells = self.cells.saturating_add(cells);
        self
    }

    /// The same with another line's pieces behind it.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.cells = self.cells.saturating_add(other.cells);
        self.pieces.extend(other.pieces);
        self
    }

    /// The same with blanks behind it up to this cell.
    #[must_use]
    pub fn pad(self, cells: u16) -> Self {
        let missing = cells.saturating_sub(self.cells);
        self.text(" ".repeat(usize::from(missing)), Role::Text)
    }

    fn push(mut self, text: String, role: Role, strong: bool) -> Self {
        self.cells = self.cells.saturating_add(width(&text));
        self.pieces.push(Piece::Text(text, role, strong));
        self
    }

    fn draw(&self, buf: &mut Buffer, row: Rect, theme: &Theme) {
        let mut x = row.x;
        for piece in &self.pieces {
            let place = Place { x, y: row.y, width: row.right().saturating_sub(x) };
            if place.width == 0 {
                return;
            }
            x += match piece {
                Piece::Text(text, role, strong) => {
                    let style = if *strong { theme.bold(*role) } else { theme.style(*role) };
                    put(buf, place, text, style, theme)
                }
                Piece::Glyph(glyph, role) => put(buf, place, glyph(theme.glyphs), theme.style(*role), theme),
                Piece::Gauge(share, cells) => {
                    let bar = Place { width: (*cells).min(place.width), ..place };
                    gauge::draw(buf, bar, Some(*share), theme.style(Role::Accent), theme);
                    bar.width
                }
                Piece::Rule => {
                    let cells = place.width.saturating_sub(1);
                    let rule = theme.glyphs.rule.repeat(usize::from(cells));
                    put(buf, place, &rule, theme.style(Role::Faint), theme)
                }
            };
        }
    }
}

/// A long text over as many rows as it needs, each after so many cells of indent.
pub fn wrapped(text: &str, indent: u16, role: Role, cells: u16) -> Vec<Line> {
    let most = usize::from(cells.saturating_sub(indent).max(8));
    let rows = text.lines().flat_map(|line| wrap(line, most));
    rows.map(|row| Line::at(indent).text(row.trim_end(), role)).collect()
}

/// A text in exactly so many cells: cut with a mark, or padded.
pub fn fitted(text: &str, cells: u16) -> String {
    let cells = usize::from(cells);
    if text.width() <= cells {
        return format!("{text}{}", " ".repeat(cells - text.width()));
    }
    let mut cut = String::new();
    for grapheme in text.graphemes(true) {
        if cut.width() + grapheme.width() + 1 > cells {
            break;
        }
        cut.push_str(grapheme);
    }
    if cells > 0 {
        cut.push('…');
    }
    let missing = cells.saturating_sub(cut.width());
    cut + &" ".repeat(missing)
}

/// Draws lines from `first` on, with a scroll bar where there are more.
pub fn draw(buf: &mut Buffer, area: Rect, lines: &[Line], first: usize, theme: &Theme) {
    let shown = usize::from(area.height);
    let first = first.min(lines.len().saturating_sub(shown));
    for (row, line) in area.rows().zip(lines.iter().skip(first)) {
        line.draw(buf, row, theme);
    }
    scrollbar::draw(buf, area, first, shown, lines.len(), theme);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::text::tests::{rows, theme};
    use proptest::prelude::*;

    #[test]
    fn lines_are_drawn_from_the_first_on() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
        let area = buf.area;
        let lines = [Line::at(1).text("one", Role::Text), Line::heading("TWO", ""), Line::at(3)];
        draw(&mut buf, area, &lines, 0, &theme());
        assert_eq!(rows(&buf)[1], " TWO ────── ");
        // There is no row beyond the last one.
        draw(&mut buf, area, &lines, 9, &theme());
        assert_eq!(rows(&buf)[0].trim_end_matches(['┃', ' ']), " TWO ──────");
    }

    proptest! {
        #[test]
        fn a_fitted_text_has_its_cells(text in "[a-z漢é ]{0,20}", cells in 0u16..16) {
            prop_assert_eq!(fitted(&text, cells).width(), usize::from(cells));
        }
    }
}
