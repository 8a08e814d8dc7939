//! What changed, as rows: when, what kind, where, what.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::event_mark::MarkKind;
use crate::state::State;
use crate::state::changes::{Change, ChangeId};
use crate::state::list::List;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw, draw_empty};
use crate::widgets::text::{Align, width};

/// What of the table is shown.
pub struct Shown<'a> {
    /// All rows, in order.
    pub rows: &'a [Change],
    /// The selection among them.
    pub list: &'a List<ChangeId>,
    /// Whether the keys go to it.
    pub focused: bool,
}

/// Draws the changes.
pub fn draw_rows(state: &State, body: Rect, shown: &Shown<'_>, theme: &Theme, buf: &mut Buffer) {
    let changes = shown.rows;
    if changes.is_empty() {
        return draw_empty(buf, body, "nothing since the console started", Role::Muted, theme);
    }
    let widest = changes.iter().map(|it| width(it.mark.server.as_str())).max().unwrap_or(0).clamp(6, 24);
    let columns = [
        Column::fixed("ago", 4, Align::Right, 0),
        Column::fixed("what", 7, Align::Left, 0),
        Column::flexible("server", widest.min(12), widest, 0),
        Column::flexible("", 10, 300, 0),
    ];
    let window = Window {
        rows: changes.len(),
        first: shown.list.first,
        selected: shown.list.index().filter(|_| shown.focused),
        focused: shown.focused,
        ..Window::default()
    };
    draw(buf, body, &columns, window, theme, |i| {
        let mark = &changes[i].mark;
        let (word, role) = mark_word(mark.kind);
        Row {
            cells: vec![
                cells::age(mark.at, state.now, theme),
                Cell::new(word, theme.style(role)),
                Cell::new(mark.server.to_string(), theme.style(Role::Text)),
                Cell::new(changes[i].text(), theme.style(Role::Muted)),
            ],
            ..Row::default()
        }
    });
}

/// The word and the color of a change.
pub const fn mark_word(kind: MarkKind) -> (&'static str, Role) {
    match kind {
        MarkKind::Deploy => ("deploy", Role::Accent),
        MarkKind::Restart => ("restart", Role::Degraded),
        MarkKind::OutOfMemory => ("oom", Role::Down),
        MarkKind::Boot => ("boot", Role::Degraded),
        MarkKind::Link => ("link", Role::Unknown),
    }
}
