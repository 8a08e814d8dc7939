//! The filter while it is typed, or while it hides rows: over the last row.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::state::State;
use crate::state::filter::Filter;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put, width};

/// Draws it where there is one; gives back where the cursor stands while it is typed.
pub fn draw(filter: &Filter, state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    // What was just said goes before a filter that stands: it goes by itself.
    if !filter.editing && (filter.is_empty() || state.notice.is_some()) {
        return None;
    }
    let area = state.size.footer();
    buf.set_style(area, theme.surface());
    for x in area.x..area.right() {
        buf.set_string(x, area.y, " ", theme.surface());
    }
    let place = Place { x: area.x + 1, y: area.y, width: area.width.saturating_sub(2) };
    let used = put(buf, place, "/", theme.bold(Role::Key), theme);
    let rest = Place { x: place.x + used, width: place.width - used, ..place };
    let (head, tail) = filter.input.split();
    put(buf, rest, &format!("{head}{tail}"), theme.style(Role::Text), theme);
    let hint = if filter.editing { "enter keep  esc clear" } else { "esc clears the filter" };
    let cells = width(hint);
    if rest.width > width(filter.input.text()) + cells + 2 {
        let at = Place { x: rest.x + rest.width - cells, width: cells, ..rest };
        put(buf, at, hint, theme.style(Role::Muted), theme);
    }
    filter
        .editing
        .then(|| Position { x: (rest.x + width(head)).min(area.right().saturating_sub(1)), y: area.y })
}
