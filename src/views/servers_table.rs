//! Servers as rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{cells, environment};
use crate::domain::container::ContainerState;
use crate::domain::health::Health;
use crate::domain::metric::Metric;
use crate::domain::quantity::Bytes;
use crate::domain::reading::Freshness;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::order::Order;
use crate::state::rows::{cpu, disk, memory};
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::{Align, width};

const SPARK: u16 = 8;

/// The columns, where no name is wider than `name` cells.
fn columns(name: u16) -> [Column; 14] {
    let name = name.clamp(8, 32) + 2;
    [
        Column::flexible("server", name.min(16), name, 0).with_its_end(),
        Column::fixed("health", 8, Align::Left, 0),
        Column::fixed("cpu", 4, Align::Right, 0),
        Column::fixed("", SPARK, Align::Left, 4),
        Column::fixed("mem", 4, Align::Right, 0),
        Column::fixed("disk", 4, Align::Right, 0),
        Column::fixed("load", 5, Align::Right, 3),
        Column::fixed("in/s", 5, Align::Right, 6),
        Column::fixed("out/s", 5, Align::Right, 6),
        Column::fixed("ctrs", 5, Align::Right, 1),
        Column::fixed("boot", 4, Align::Right, 5),
        Column::fixed("seen", 8, Align::Left, 2),
        Column::flexible("environment", 11, 14, 7),
        Column::flexible("", 24, 60, 8),
    ]
}

/// The column that an order stands for.
const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Name => Some((0, false)),
        Order::Health => Some((1, true)),
        Order::Cpu => Some((2, true)),
        Order::Memory => Some((4, true)),
        Order::Disk => Some((5, true)),
        _ => None,
    }
}

/// Draws the servers that are shown.
pub fn draw_rows(state: &State, body: Rect, focused: bool, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let window = Window {
        rows: overview.server_rows.len(),
        first: overview.servers.first,
        selected: overview.servers.index(),
        focused,
        headed: true,
        sorted: sorted(overview.server_order.order()),
    };
    let widest = state.fleet.servers().map(|it| width(it.id().as_str())).max().unwrap_or(0);
    draw(buf, body, &columns(widest), window, theme, |i| {
        let id = &overview.server_rows[i];
        let marked = overview.servers.marked.contains(id);
        state
            .fleet
            .server(id)
            .map_or_else(Row::default, |server| Row { cells: row(state, server, theme), marked })
    });
}

fn row<'a>(state: &State, server: &ServerLive, theme: &Theme) -> Vec<Cell<'a>> {
    let verdict = server.verdict();
    let fresh = server.vitals_freshness(state.now);
    let limits = &server.setup.thresholds;
    let vitals = server.vitals.value();
    let network = |pick: fn(&crate::domain::vitals::NetworkUse) -> Bytes| {
        // Of no interface there is no sum, not even 0: rates are known from the second look on.
        let all = vitals?.networks.iter().map(|it| pick(it).0).reduce(u64::saturating_add);
        all.map(|sum| Bytes(sum).to_string())
    };
    let environment = server.setup.environment.as_ref();
    vec![
        cells::name(verdict, server.id().as_str(), theme),
        cells::health(verdict, theme),
        cells::share(cpu(server), limits.cpu, fresh, theme),
        spark(state, server, fresh, theme),
        cells::share(memory(server), limits.memory, fresh, theme),
        cells::share(disk(server), limits.disk, fresh, theme),
        cells::value(vitals.map(|vitals| format!("{:.2}", vitals.load[0])), fresh, theme),
        cells::value(network(|it| it.received), fresh, theme),
        cells::value(network(|it| it.sent), fresh, theme),
        containers(state, server, theme),
        cells::value(vitals.map(|vitals| Age(vitals.uptime).to_string()), fresh, theme),
        cells::staleness(fresh, theme),
        environment.map_or_else(Cell::empty, |id| {
            Cell::new(id.to_string(), theme.style(environment::role(state, id)))
        }),
        Cell::new(verdict.reason.clone(), theme.style(Role::Muted)),
    ]
}

fn spark<'a>(state: &State, server: &ServerLive, fresh: Freshness, theme: &Theme) -> Cell<'a> {
    let values = state.recent(server.id(), &Metric::Cpu, usize::from(SPARK));
    let role = if fresh == Freshness::Fresh { Role::Muted } else { Role::Faint };
    Cell::Spark(values, 100.0, theme.style(role))
}

/// Running of all; a container that ended in good order counts as neither.
fn containers<'a>(state: &State, server: &ServerLive, theme: &Theme) -> Cell<'a> {
    let Some(all) = server.containers.value() else {
        return Cell::new(cells::NOTHING, theme.style(Role::Faint));
    };
    let ended =
        all.iter().filter(|c| c.state == ContainerState::Exited && c.verdict().health == Health::Up).count();
    let running = all.iter().filter(|c| c.state == ContainerState::Running).count();
    let wanted = all.len() - ended;
    let role = cells::role(server.containers_freshness(state.now), running < wanted);
    Cell::new(format!("{running}/{wanted}"), theme.style(role))
}
