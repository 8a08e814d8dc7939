//! Where things stand on a screen of a size: used by `handle`, to know how far a page goes and what
//! the mouse hit, and by `draw`. Pure.

use ratatui::layout::Rect;

/// The terminal's size in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// The least size in which anything can be shown that does not mislead.
pub const SMALLEST: Size = Size { columns: 60, rows: 15 };

/// From so many rows on, the selected row has two to be told in.
const ROOMY: u16 = 24;

impl Size {
    /// Whether the console fits at all.
    pub const fn fits(self) -> bool {
        self.columns >= SMALLEST.columns && self.rows >= SMALLEST.rows
    }

    /// The first row.
    pub const fn header(self) -> Rect {
        Rect { x: 0, y: 0, width: self.columns, height: 1 }
    }

    /// What is between the first and the last row: the page.
    pub const fn body(self) -> Rect {
        Rect { x: 0, y: 1, width: self.columns, height: self.rows.saturating_sub(2) }
    }

    /// The part of the page in which lists stand, where the whole of the selected row is told below.
    pub const fn lists(self) -> Rect {
        let body = self.body();
        Rect { height: body.height.saturating_sub(self.strip().height), ..body }
    }

    /// The rows above the last one that tell the selected row whole: always as many, so that nothing
    /// moves with the selection.
    pub const fn strip(self) -> Rect {
        let height = if self.rows >= ROOMY { 2 } else { 1 };
        Rect { x: 0, y: self.rows.saturating_sub(1 + height), width: self.columns, height }
    }

    /// The last row.
    pub const fn footer(self) -> Rect {
        Rect { x: 0, y: self.rows.saturating_sub(1), width: self.columns, height: 1 }
    }

    /// The whole screen.
    pub const fn whole(self) -> Rect {
        Rect { x: 0, y: 0, width: self.columns, height: self.rows }
    }
}
