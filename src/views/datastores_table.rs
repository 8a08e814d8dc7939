//! Datastores as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::setup::DatastoreSetup;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::order::Order;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::{Align, width};

/// The columns, where no name is wider than `name` cells.
fn columns(name: u16) -> [Column; 8] {
    let name = name.clamp(9, 32) + 2;
    [
        Column::flexible("datastore", name.min(16), name, 0).with_its_end(),
        Column::fixed("health", 8, Align::Left, 0),
        Column::fixed("backup", 6, Align::Right, 0),
        Column::fixed("rpo", 4, Align::Right, 2),
        Column::fixed("size", 5, Align::Right, 1),
        Column::fixed("kind", 8, Align::Left, 2),
        Column::flexible("server", 8, 20, 3),
        Column::flexible("", 16, 80, 4),
    ]
}

/// The column that an order stands for.
const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Name => Some((0, false)),
        Order::Health => Some((1, true)),
        Order::Oldest => Some((2, true)),
        Order::Size => Some((4, true)),
        _ => None,
    }
}

/// Draws the datastores that are shown.
pub fn draw_rows(state: &State, body: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let datastores = state.fleet.datastores();
    let window = Window {
        rows: overview.datastore_rows.len(),
        first: overview.datastores.first,
        selected: overview.datastores.index(),
        focused,
        headed: true,
        sorted: sorted(overview.datastore_order.order()),
    };
    let widest = datastores.all().map(|it| width(it.id.as_str())).max().unwrap_or(0);
    draw(buf, body, &columns(widest), window, theme, |i| {
        let id = &overview.datastore_rows[i];
        let marked = overview.datastores.marked.contains(id);
        datastores.get(id).map_or_else(Row::default, |it| Row { cells: row(state, it, theme), marked })
    });
}

fn row<'a>(state: &State, it: &DatastoreSetup, theme: &Theme) -> Vec<Cell<'a>> {
    let datastores = state.fleet.datastores();
    let verdict = datastores.verdict(it, state.now);
    let fresh = datastores.freshness(it, state.now);
    let last = datastores.backups(it).first();
    let age = last.map(|last| last.at.age(state.now));
    let late = age.is_some_and(|age| age > it.rpo);
    vec![
        cells::name(&verdict, it.id.as_str(), theme),
        cells::health(&verdict, theme),
        age.map_or_else(
            || Cell::new(cells::NOTHING, theme.style(Role::Faint)),
            |age| Cell::new(Age(age).to_string(), theme.style(cells::role(fresh, late))),
        ),
        Cell::new(Age(it.rpo).to_string(), theme.style(Role::Muted)),
        cells::value(last.map(|last| last.bytes.to_string()), fresh, theme),
        Cell::new(it.kind.clone(), theme.style(Role::Muted)),
        Cell::new(it.server.to_string(), theme.style(Role::Muted)),
        Cell::new(verdict.reason, theme.style(Role::Muted)),
    ]
}
