//! Where things stand on the logs page: used by the actions, to know how far a page goes and what
//! the mouse hit, and by the drawing.

use ratatui::layout::Rect;

use super::LogsPage;
use crate::state::layout::Size;

/// From this height on the histogram is shown by itself.
const TALL: u16 = 30;
/// The most rows that streams in trouble take.
const TROUBLES: usize = 3;

/// The rows of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogsLayout {
    /// What is shown and how: filters, counts, following or paused; while something is typed, that.
    pub chips: Rect,
    /// One row for each stream in trouble.
    pub troubles: Rect,
    /// Two rows and, on a tall screen, one for its times; without height where it is not shown.
    pub histogram: Rect,
    /// The lines.
    pub lines: Rect,
}

/// Lays the page out.
pub fn layout(page: &LogsPage, size: Size) -> LogsLayout {
    let body = size.body();
    let mut y = body.y;
    let mut rows = |wanted: u16| {
        let height = wanted.min(body.bottom().saturating_sub(y));
        let rect = Rect { y, height, ..body };
        y += height;
        rect
    };
    let chips = rows(1);
    let troubles = page.shown.iter().filter(|shown| shown.stream.trouble().is_some()).count();
    let troubles = rows(u16::try_from(troubles.min(TROUBLES)).unwrap_or(0));
    let tall = size.rows >= TALL;
    let histogram = rows(match (page.histogram.unwrap_or(tall), tall) {
        (false, _) => 0,
        (true, false) => 2,
        (true, true) => 3,
    });
    let lines = rows(body.height);
    LogsLayout { chips, troubles, histogram, lines }
}
