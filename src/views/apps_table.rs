//! Apps as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::app::{App, Maintained};
use crate::domain::health::Health;
use crate::domain::reading::Freshness;
use crate::domain::time::{Age, Timestamp};
use crate::state::State;
use crate::state::order::Order;
use crate::store::fleet::totals::Totals;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::{Align, width};

/// The columns, where no name is wider than `name` cells.
fn columns(name: u16) -> [Column; 8] {
    let name = name.clamp(8, 32) + 2;
    [
        Column::flexible("app", name.min(16), name, 0).with_its_end(),
        Column::fixed("health", 8, Align::Left, 0),
        Column::fixed("ctrs", 5, Align::Right, 0),
        Column::fixed("cpu", 5, Align::Right, 1),
        Column::fixed("mem", 5, Align::Right, 1),
        Column::fixed("rst", 4, Align::Right, 2),
        Column::flexible("servers", 10, 30, 3),
        Column::flexible("", 16, 80, 4),
    ]
}

/// The column that an order stands for.
const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Health => Some((1, true)),
        Order::Cpu => Some((3, true)),
        Order::Memory => Some((4, true)),
        Order::Restarts => Some((5, true)),
        _ => None,
    }
}

/// Draws the apps that are shown.
pub fn draw_rows(state: &State, body: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let window = Window {
        rows: overview.app_rows.len(),
        first: overview.apps.first,
        selected: overview.apps.index(),
        focused,
        headed: true,
        sorted: sorted(overview.app_order.order()),
    };
    let widest = state.fleet.apps().iter().map(|it| width(it.id.as_str())).max().unwrap_or(0);
    draw(buf, body, &columns(widest), window, theme, |i| {
        let id = &overview.app_rows[i];
        let marked = overview.apps.marked.contains(id);
        state.fleet.app(id).map_or_else(Row::default, |app| Row { cells: row(state, app, theme), marked })
    });
}

fn row<'a>(state: &State, app: &App, theme: &Theme) -> Vec<Cell<'a>> {
    let Totals { containers, running, restarts, cpu, memory } = state.fleet.totals_of(app);
    let fresh = freshness(state, app);
    let servers: Vec<&str> = app.servers.iter().map(crate::domain::ids::ServerId::as_str).collect();
    let short = running < containers;
    vec![
        cells::name(&app.verdict, app.id.as_str(), theme),
        cells::health_of(&app.verdict, app.maintenance.mark().is_some(), theme),
        Cell::new(format!("{running}/{containers}"), theme.style(cells::role(fresh, short))),
        cells::value(cpu.map(|it| it.to_string()), fresh, theme),
        cells::value(memory.map(|it| it.to_string()), fresh, theme),
        Cell::new(restarts.to_string(), theme.style(cells::role(fresh, false))),
        Cell::new(servers.join(" "), theme.style(Role::Muted)),
        Cell::new(reason(app, state.now), theme.style(Role::Muted)),
    ]
}

/// Why it is as it is; of one that is in maintenance, and no worse, for how long and by whom.
pub fn reason(app: &App, now: Timestamp) -> String {
    match &app.maintenance {
        Maintained::Yes { mark, not, unknown, .. }
            if app.verdict.health == Health::Degraded && not.is_empty() && unknown.is_empty() =>
        {
            let why = mark.notice.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("for {} by {}{why}", Age(mark.since.age(now)), mark.by)
        }
        _ => app.verdict.reason.clone(),
    }
}

/// An app's figures are as old as those of the server that was read longest ago.
fn freshness(state: &State, app: &App) -> Freshness {
    let of =
        |id| state.fleet.server(id).map_or(Freshness::Never, |server| server.containers_freshness(state.now));
    app.servers
        .iter()
        .map(of)
        .max_by_key(|freshness| match freshness {
            Freshness::Fresh => (0, std::time::Duration::ZERO),
            Freshness::Stale(age) => (1, *age),
            Freshness::Never => (2, std::time::Duration::ZERO),
        })
        .unwrap_or(Freshness::Never)
}
