//! The lines on the screen.

use ratatui::buffer::Buffer;

use super::empty;
use super::line::Rows;
use crate::state::State;
use crate::state::logs::view::{Row, View};
use crate::theme::Theme;
use crate::widgets::text::Place;

/// Draws the rows that the screen shows, and nothing of any other line.
pub fn draw(state: &State, view: &View<'_>, rows: &[Row<'_>], theme: &Theme, buf: &mut Buffer) {
    if rows.is_empty() {
        empty::draw(state, theme, buf, view.area);
        return;
    }
    let selected = view.selected();
    for (at, row) in view.area.rows().zip(rows) {
        let place = Place { x: at.x, y: at.y, width: at.width };
        let selected = selected == Some(row.entry.cursor);
        Rows { state, theme, columns: &view.columns, selected }.draw(buf, place, row);
    }
}
