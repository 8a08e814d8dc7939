//! The logs page: what is shown and how in one row, streams in trouble, the histogram, the lines.

mod chips;
pub(super) mod detail;
mod empty;
mod histogram;
mod line;
mod lines;
mod picker;
pub(super) mod time;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::state::State;
use crate::state::logs::layout::layout;
use crate::state::logs::view::View;
use crate::theme::Theme;

/// Draws the page; gives back where the cursor stands where something is typed.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let areas = layout(&state.logs_page, state.size);
    let typed = chips::draw(state, theme, buf, areas.chips);
    chips::troubles(state, theme, buf, areas.troubles);
    let view = View::of(state);
    let rows = view.rows();
    histogram::draw(state, &rows, theme, buf, areas.histogram);
    lines::draw(state, &view, &rows, theme, buf);
    if let Some(detail) = &state.logs_page.detail {
        detail::draw(state, detail, theme, buf);
        return None;
    }
    match &state.logs_page.picker {
        Some(picker) => Some(picker::draw(state, picker, theme, buf)),
        None => typed,
    }
}
