//! All checks, on a page of their own.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::overview::{count, head, noted};
use super::{checks_table, filter_line};
use crate::state::State;
use crate::state::checks::HEADS;
use crate::state::order::Order;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Window, draw_empty};

/// Draws it.
pub fn page(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let (page, area) = (&state.checks, state.size.lists());
    let note = noted(count(page.rows.len(), page.all), &page.list, area, HEADS, &page.rows);
    let order = page.order.order();
    let word = if order == Order::Usual { Order::Health.word() } else { order.word() };
    if let Some(body) = head(buf, area, "CHECKS", &note, word, true, theme) {
        if page.rows.is_empty() {
            let sentence =
                if page.all == 0 { "no check is configured" } else { "no check passes the filter" };
            draw_empty(buf, body, sentence, Role::Muted, theme);
        } else {
            let sorted = if order == Order::Usual { Order::Health } else { order };
            let window = Window {
                rows: page.rows.len(),
                first: page.list.first,
                selected: page.list.index(),
                focused: true,
                headed: true,
                sorted: checks_table::sorted(sorted),
            };
            checks_table::draw_rows(state, body, &page.rows, window, true, theme, buf);
        }
    }
    filter_line::draw(&page.filter, state, theme, buf)
}
