//! Checks as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::ids::CheckId;
use crate::domain::reading::Freshness;
use crate::state::State;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::Align;

const COLUMNS: [Column; 6] = [
    Column::flexible("check", 12, 34, 0),
    Column::fixed("health", 8, Align::Left, 0),
    Column::fixed("kind", 10, Align::Left, 3),
    Column::fixed("took", 6, Align::Right, 1),
    Column::fixed("seen", 8, Align::Left, 2),
    Column::flexible("", 16, 200, 4),
];

/// Draws the checks that are shown.
pub fn draw_rows(
    state: &State,
    body: Rect,
    rows: &[CheckId],
    window: Window,
    theme: &Theme,
    buf: &mut Buffer,
) {
    draw(buf, body, &COLUMNS, window, theme, |i| {
        let id = &rows[i];
        let verdict = state.fleet.check_verdict(id, state.now);
        let reading = state.fleet.check(id);
        let result = reading.and_then(|reading| reading.value());
        let fresh = match (reading, result) {
            (Some(reading), Some(result)) => reading.freshness(state.now, result.interval),
            _ => Freshness::Never,
        };
        let took = result.and_then(|it| it.latency).map(|took| format!("{}ms", took.as_millis()));
        let text = match result {
            Some(_) if !verdict.reason.is_empty() => verdict.reason.clone(),
            Some(result) => result.target.clone(),
            None => String::new(),
        };
        Row {
            cells: vec![
                cells::name(&verdict, id.as_str(), theme),
                cells::health(&verdict, theme),
                Cell::new(result.map_or("", |it| it.kind.word()), theme.style(Role::Muted)),
                cells::value(took, fresh, theme),
                cells::staleness(fresh, theme),
                Cell::new(text, theme.style(Role::Muted)),
            ],
            ..Row::default()
        }
    });
}
