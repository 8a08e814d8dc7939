//! The columns of a line: which there are and where they begin, by the width of the screen and not
//! by the lines, so that no cell moves as lines come.

use super::LogsPage;
use super::names::names;
use unicode_width::UnicodeWidthStr;

/// Cells between two columns.
const APART: u16 = 1;

/// Where the columns of a line stand, counted from the left edge; a width of zero is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Cells for the time, behind one cell for cursor and marks.
    pub time: u16,
    /// Cells for the level.
    pub level: u16,
    /// Cells for the source's name.
    pub name: u16,
    /// The names, by the sources' order.
    pub names: Vec<String>,
    /// The first cell of the text.
    pub text: u16,
    /// Cells for the text.
    pub width: u16,
}

/// The columns of a page of a width.
pub fn columns(page: &LogsPage, width: u16) -> Columns {
    let wide = width >= 100;
    let most = match width {
        0..100 => 14,
        100..160 => 22,
        _ => 32,
    };
    let sources: Vec<_> = page.shown.iter().map(|shown| &shown.source).collect();
    let names = names(&sources, most);
    let name = if sources.len() < 2 {
        0
    } else {
        names.iter().map(|name| u16::try_from(name.width()).unwrap_or(0)).max().unwrap_or(0)
    };
    // `03:12:45` or `03:12:45.123`; glyph and word of the level, cut to its first letters.
    let (time, level) = if wide { (12, 7) } else { (8, 5) };
    // The bar in the source's color stands before the text.
    let text = 1 + time + APART + level + APART + if name == 0 { 0 } else { name + APART } + 2;
    Columns { time, level, name, names, text, width: width.saturating_sub(text) }
}
