//! Where the charts stand: used by the actions, to know what the mouse hit and how far a page goes,
//! and by the drawing.

use ratatui::layout::Rect;

use super::MetricsPage;
use crate::state::layout::Size;
use crate::widgets::chart::GUTTER;

/// The most charts at once.
const MOST: usize = 4;
/// The least rows of a chart: its legend and three of plot.
const LEAST: u16 = 4;

/// The rows of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricsLayout {
    /// Servers, span and time.
    pub head: Rect,
    /// The charts that are shown: which of all, and where. The first row of each is its legend.
    pub charts: Vec<(usize, Rect)>,
    /// What happened, and times: two rows beneath the plots, as wide as they are.
    pub axis: Rect,
    /// What stands at the cursor.
    pub readout: Rect,
}

/// Lays out so many charts.
pub fn layout(page: &MetricsPage, count: usize, size: Size) -> MetricsLayout {
    let body = size.body();
    let row = |y: u16, height: u16| Rect { y, height, ..body };
    let inner = row(body.y + 1, body.height.saturating_sub(4));
    let fitting = usize::from(inner.height / LEAST).clamp(1, MOST);
    let focused = page.focused.min(count.saturating_sub(1));
    let shown = if page.alone { 1 } else { fitting.min(count) };
    let first = if page.alone { focused } else { (focused + 1).saturating_sub(shown) };
    let mut charts = Vec::new();
    let mut y = inner.y;
    for n in 0..shown {
        // What is left over goes to the first ones, a row each.
        let rest = inner.bottom() - y;
        let height = rest.div_ceil((shown - n) as u16);
        charts.push((first + n, row(y, height)));
        y += height;
    }
    let left = (body.x + GUTTER).min(body.right());
    let axis = Rect { x: left, width: body.right().saturating_sub(left + 1), ..row(inner.bottom(), 2) };
    MetricsLayout { head: row(body.y, 1), charts, axis, readout: row(inner.bottom() + 2, 1) }
}

impl MetricsLayout {
    /// The cells of a plot.
    pub fn cells(&self) -> u16 {
        self.axis.width
    }

    /// The cell of a plot that a column of the screen is.
    pub fn column(&self, x: u16) -> Option<u16> {
        (x >= self.axis.x && x < self.axis.right()).then(|| x - self.axis.x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_fill_the_page_and_the_focused_one_is_among_them() {
        for (rows, charts) in [(15, 2), (24, 4), (40, 4), (60, 4)] {
            let size = Size { columns: 80, rows };
            for focused in 0..6 {
                let page = MetricsPage { focused, ..MetricsPage::default() };
                let laid = layout(&page, 6, size);
                assert_eq!(laid.charts.len(), charts);
                assert!(laid.charts.iter().any(|(n, _)| *n == focused));
                let sum: u16 = laid.charts.iter().map(|(_, area)| area.height).sum();
                assert_eq!(sum + 4, size.body().height);
                assert_eq!(laid.readout.bottom(), size.body().bottom());
            }
        }
    }
}
