//! The palette: a line to type in, and what matches.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::actions::palette::candidates;
use crate::state::State;
use crate::state::text_input::TextInput;
use crate::theme::{Role, Theme};
use crate::widgets::frame;
use crate::widgets::text::{Align, Place, put, put_aligned, width};

/// Draws it near the top, and says where the cursor stands.
pub fn draw(state: &State, input: &TextInput, selected: usize, theme: &Theme, buf: &mut Buffer) -> Position {
    let body = state.size.body();
    let mut area = frame::centered(body, 76, 16);
    area.y = body.y + 1;
    let inside = frame::draw(buf, area, "go to, do", Role::Accent, theme);
    let line = Place { x: inside.x, y: inside.y, width: inside.width };
    let (head, tail) = input.split();
    put(buf, line, "> ", theme.bold(Role::Accent), theme);
    let typed = Place { x: line.x + 2, width: line.width.saturating_sub(2), ..line };
    put(buf, typed, &format!("{head}{tail}"), theme.style(Role::Text), theme);
    let offers = candidates(state, input.text());
    let selected = selected.min(offers.len().saturating_sub(1));
    let shown = usize::from(inside.height.saturating_sub(1));
    let first = (selected + 1).saturating_sub(shown);
    if offers.is_empty() {
        put(buf, Place { y: line.y + 1, ..line }, "nothing matches", theme.style(Role::Muted), theme);
    }
    for ((row, offer), index) in inside.rows().skip(1).zip(offers.iter().skip(first)).zip(first..) {
        let note = width(&offer.note) + 1;
        let text = Place { x: row.x + 2, y: row.y, width: row.width.saturating_sub(2 + note) };
        put(buf, text, &offer.text, theme.style(Role::Text), theme);
        let place = Place { x: row.x, y: row.y, width: row.width };
        put_aligned(buf, place, &offer.note, theme.style(Role::Muted), Align::Right, theme);
        if index == selected {
            buf.set_style(row, theme.selection(true));
            buf.set_string(row.x, row.y, theme.glyphs.cursor, theme.style(Role::Accent));
        }
    }
    Position { x: (typed.x + width(head)).min(inside.right().saturating_sub(1)), y: typed.y }
}
