//! Checks as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::ids::{CheckId, ServerId};
use crate::domain::reading::Freshness;
use crate::state::State;
use crate::state::checks::HERE;
use crate::state::order::Order;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::{Align, width};

/// The columns, where no name is wider than `name` cells.
fn columns(name: u16) -> [Column; 6] {
    let name = name.clamp(8, 40) + 2;
    [
        Column::flexible("check", name.min(24), name, 0).with_its_end(),
        Column::fixed("health", 8, Align::Left, 0),
        Column::fixed("kind", 10, Align::Left, 5),
        Column::fixed("took", 6, Align::Right, 1),
        Column::fixed("seen", 8, Align::Left, 4),
        Column::flexible("", 16, 200, 3),
    ]
}

/// The column that an order stands for.
pub const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Health => Some((1, true)),
        Order::Took => Some((3, true)),
        Order::Name => Some((0, false)),
        _ => None,
    }
}

/// Where a check is seen from, behind the figures, where the page does not say it of all.
const FROM: Column = Column::flexible("from", 8, 16, 2);
/// Its place among the columns.
const FROM_AT: usize = 4;

/// Draws the checks that are shown.
pub fn draw_rows(
    state: &State,
    body: Rect,
    rows: &[CheckId],
    window: Window,
    with_from: bool,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let widest = rows.iter().map(|id| width(id.as_str())).max().unwrap_or(0);
    let mut columns = columns(widest).to_vec();
    if with_from {
        columns.insert(FROM_AT, FROM);
    }
    draw(buf, body, &columns, window, theme, |i| {
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
        let mut cells = vec![
            cells::name(&verdict, id.as_str(), theme),
            cells::health_of(&verdict, state.fleet.is_excused(id), theme),
            Cell::new(result.map_or("", |it| it.kind.word()), theme.style(Role::Muted)),
            cells::value(took, fresh, theme),
            cells::staleness(fresh, theme),
            Cell::new(text, theme.style(Role::Muted)),
        ];
        if with_from {
            let from = result.map_or("", |it| it.from.as_ref().map_or(HERE, ServerId::as_str));
            cells.insert(FROM_AT, Cell::new(from.to_owned(), theme.style(Role::Muted)));
        }
        Row { cells, ..Row::default() }
    });
}
