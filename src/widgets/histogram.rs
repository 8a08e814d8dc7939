//! How many lines came when, and how many of them were errors: two rows of bars with a scale each,
//! so that one error among thousands of lines is seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Align, Place, put, put_aligned};
use crate::theme::{Role, Theme};

/// What came within one bar's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// All lines.
    pub all: u32,
    /// Warnings.
    pub warnings: u32,
    /// Errors and worse.
    pub errors: u32,
}

/// Cells for the words at the left, the same in all rows.
pub const LABELS: u16 = 8;
/// Cells for the largest bar's figure at the right.
pub const FIGURES: u16 = 7;

/// The cells in which bars stand.
pub fn bars_area(area: Rect) -> Rect {
    Rect { x: area.x + LABELS, width: area.width.saturating_sub(LABELS + FIGURES), ..area }
}

/// Draws all lines in the first row and warnings with errors in the second. `seen` are the bars
/// whose lines are on the screen; they stand on another ground.
pub fn draw(buf: &mut Buffer, area: Rect, bars: &[Bars], seen: Option<(usize, usize)>, theme: &Theme) {
    let inside = bars_area(area);
    let all = bars.iter().map(|bar| bar.all).max().unwrap_or(0);
    let bad = bars.iter().map(|bar| bar.errors.max(bar.warnings)).max().unwrap_or(0);
    let errors: u32 = bars.iter().map(|bar| bar.errors).sum();
    let label = if errors > 0 { Role::Down } else { Role::Muted };
    for (y, word, role, most) in [(0, "lines", Role::Muted, all), (1, "errors", label, bad)] {
        if y >= area.height {
            return;
        }
        let row = Place { x: area.x + 1, y: area.y + y, width: LABELS - 1 };
        put(buf, row, word, theme.style(role), theme);
        let figure = Place { x: inside.right() + 1, y: area.y + y, width: FIGURES - 2 };
        put_aligned(buf, figure, &short(most), theme.style(Role::Muted), Align::Left, theme);
    }
    for (x, (n, bar)) in (inside.x..inside.right()).zip(bars.iter().enumerate()) {
        if seen.is_some_and(|(first, last)| (first..=last).contains(&n)) {
            let column = Rect { x, y: area.y, width: 1, height: area.height.min(2) };
            buf.set_style(column, theme.selection(false));
        }
        cell(buf, x, area.y, bar.all, all, Role::Muted, theme);
        // An error is told before a warning of the same time.
        let (count, role) =
            if bar.errors > 0 { (bar.errors, Role::Down) } else { (bar.warnings, Role::Degraded) };
        if area.height > 1 {
            cell(buf, x, area.y + 1, count, bad, role, theme);
        }
    }
}

/// One bar; anything above nothing has at least the lowest height.
fn cell(buf: &mut Buffer, x: u16, y: u16, count: u32, most: u32, role: Role, theme: &Theme) {
    if count == 0 {
        return;
    }
    let height = (u64::from(count) * 8).div_ceil(u64::from(most.max(1))).clamp(1, 8);
    let glyph = theme.glyphs.heights[usize::try_from(height - 1).unwrap_or(0)];
    buf.set_string(x, y, glyph, theme.style(role));
}

/// A count in at most five cells: `999`, `1.2k`, `45k`, `3.1M`.
pub fn short(count: u32) -> String {
    match count {
        0..1000 => count.to_string(),
        1000..10_000 => format!("{}.{}k", count / 1000, count % 1000 / 100),
        10_000..1_000_000 => format!("{}k", count / 1000),
        1_000_000..10_000_000 => format!("{}.{}M", count / 1_000_000, count % 1_000_000 / 100_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::{rows, theme};
    use super::*;

    #[test]
    fn one_error_among_thousands_is_seen() {
        let mut bars = vec![Bars { all: 4000, ..Bars::default() }; 4];
        bars[2].errors = 1;
        bars[3].warnings = 1;
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 2));
        draw(&mut buf, Rect::new(0, 0, 20, 2), &bars, None, &theme());
        assert_eq!(rows(&buf), [" lines  ████  4.0k  ".to_owned(), " errors   ██  1     ".to_owned()]);
        assert_eq!(buf[(10, 1)].fg, theme().color(Role::Down));
        assert_eq!(buf[(11, 1)].fg, theme().color(Role::Degraded));
    }

    #[test]
    fn counts_are_short() {
        assert_eq!([999, 1234, 45_678, 3_100_000].map(short), ["999", "1.2k", "45k", "3.1M"]);
    }
}
