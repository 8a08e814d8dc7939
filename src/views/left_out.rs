//! The panes for which a screen has no room, named in one row: nothing is left out without a word.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::state::State;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put_pieces};

/// Draws the row, where there is one, for the panes among these (name, rows, place) that have no room.
pub fn draw(state: &State, row: Rect, panes: &[(&str, usize, Rect)], theme: &Theme, buf: &mut Buffer) {
    if row.height == 0 {
        return;
    }
    let hidden = panes.iter().filter(|(_, _, place)| place.height == 0);
    let names: Vec<String> = hidden.map(|(name, rows, _)| format!("{name} {rows}")).collect();
    let key = state.keymap.chords_on(state.scope(), "next-pane").next();
    let key = key.map(|chord| chord.label()).unwrap_or_default();
    let quiet = theme.style(Role::Muted);
    let pieces = [
        (format!("{} no room for ", theme.glyphs.arrow_down).into(), theme.style(Role::Accent)),
        (names.join(", ").into(), theme.bold(Role::Muted)),
        ("   ".into(), quiet),
        (key.into(), theme.bold(Role::Key)),
        (" goes there".into(), quiet),
    ];
    let place = Place { x: row.x + 1, y: row.y, width: row.width.saturating_sub(2) };
    put_pieces(buf, place, &pieces, theme);
}
