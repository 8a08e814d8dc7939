//! The pages that are read from the top: a plan, a run, an interrupted run, one that waits. What stands in them is
//! laid out in the state, which has to know how far they scroll.

use ratatui::buffer::Buffer;

use crate::state::State;
use crate::state::page::Page;
use crate::state::run::log::areas;
use crate::theme::{Role, Theme};
use crate::widgets::sheet;
use crate::widgets::table::draw_empty;

/// Draws the shown one.
pub fn page(state: &State, theme: &Theme, buf: &mut Buffer) {
    let body = state.sheet_area();
    match state.sheet() {
        Some((lines, first)) => {
            sheet::draw(buf, body, &lines, first, theme);
            if let Page::Run(request) = state.nav.page()
                && let Some(run) = state.runs.get(*request)
                && let (_, Some(area)) = areas(state, run, state.size.body())
            {
                let below = area.y > body.y;
                super::run_log::draw(state, state.run_log.of(*request), below, theme, buf, area);
            }
        }
        None => draw_empty(buf, body, "this is not known any more", Role::Muted, theme),
    }
}
