//! Containers as rows, of one server or of one app.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::container::{Container, ContainerHealth, ContainerState, ContainerUsage};
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::ContainerKey;
use crate::domain::quantity::Bytes;
use crate::domain::reading::Freshness;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::order::Order;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::{Align, width};

const REST: [Column; 13] = [
    Column::flexible("container", 18, 34, 0).with_its_end(),
    Column::fixed("state", 11, Align::Left, 0),
    Column::fixed("cpu", 5, Align::Right, 0),
    Column::fixed("mem", 5, Align::Right, 0),
    Column::fixed("up", 4, Align::Right, 1),
    Column::fixed("rst", 4, Align::Right, 2),
    Column::fixed("in/s", 5, Align::Right, 6),
    Column::fixed("out/s", 5, Align::Right, 6),
    Column::fixed("rd/s", 5, Align::Right, 6),
    Column::fixed("wr/s", 5, Align::Right, 6),
    Column::flexible("image", 18, 44, 3),
    Column::flexible("digest", 12, 12, 8),
    Column::flexible("ports", 10, 30, 7),
];

/// What of the table is shown.
pub struct Shown<'a> {
    /// All rows, in order.
    pub rows: &'a [ContainerKey],
    /// Scroll, selection, focus.
    pub window: Window,
    /// Whether the server stands in each row.
    pub with_server: bool,
    /// Marked rows.
    pub marked: &'a dyn Fn(&ContainerKey) -> bool,
}

/// The column that an order stands for, where the server does not stand in the rows.
pub const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Name => Some((0, false)),
        Order::Cpu => Some((2, true)),
        Order::Memory => Some((3, true)),
        Order::Newest => Some((4, false)),
        Order::Restarts => Some((5, true)),
        _ => None,
    }
}

/// Draws the containers that are shown.
pub fn draw_rows(state: &State, body: Rect, shown: &Shown<'_>, theme: &Theme, buf: &mut Buffer) {
    let mut columns = REST.to_vec();
    if shown.with_server {
        let widest = shown.rows.iter().map(|key| width(key.server.as_str())).max().unwrap_or(0);
        columns.insert(0, Column::fixed("server", widest.clamp(6, 16), Align::Left, 0));
    }
    let further = usize::from(shown.with_server);
    let sorted = shown.window.sorted.map(|(column, down)| (column + further, down));
    draw(buf, body, &columns, Window { sorted, ..shown.window }, theme, |i| {
        let key = &shown.rows[i];
        let Some(container) = state.container(key) else { return Row::default() };
        let mut cells = row(state, key, container, theme);
        if shown.with_server {
            cells.insert(0, Cell::new(key.server.to_string(), theme.style(Role::Muted)));
        }
        Row { cells, marked: (shown.marked)(key) }
    });
}

fn row<'a>(state: &State, key: &ContainerKey, it: &Container, theme: &Theme) -> Vec<Cell<'a>> {
    let server = state.fleet.server(&key.server);
    let never = Freshness::Never;
    let fresh = server.map_or(never, |server| server.containers_freshness(state.now));
    let used = server.and_then(|server| server.container_usage(&key.id));
    let used_fresh = server.map_or(never, |server| server.usage_freshness(state.now));
    let running = it.state == ContainerState::Running;
    let used = used.filter(|_| running);
    let up = it.started_at.filter(|_| running).map(|at| Age(at.age(state.now)).to_string());
    let ports: Vec<String> = it
        .ports
        .iter()
        .filter_map(|port| Some(format!("{}:{}", port.host.as_ref()?.1, port.container)))
        .collect();
    let digest = it
        .digest
        .as_deref()
        .map(|digest| digest.strip_prefix("sha256:").unwrap_or(digest).chars().take(12).collect::<String>());
    // What it was when it was last read is no word about now.
    let judged = server.map_or_else(|| it.verdict(), |server| server.judged(it, state.now));
    let health = if fresh == Freshness::Fresh { judged.health } else { Health::Unknown };
    let verdict = Verdict { health, ..judged };
    let state_role = match (fresh, health) {
        (Freshness::Fresh, Health::Up) => Role::Text,
        (Freshness::Fresh, health) => Theme::health(health),
        (Freshness::Stale(_) | Freshness::Never, _) => Role::Stale,
    };
    let traffic = |of: fn(&ContainerUsage) -> Option<Bytes>| {
        cells::value(used.and_then(of).map(|bytes| bytes.to_string()), used_fresh, theme)
    };
    vec![
        cells::name(&verdict, &it.name, theme),
        Cell::new(word(it), theme.style(state_role)),
        cells::value(used.map(|it| it.cpu.to_string()), used_fresh, theme),
        cells::value(used.map(|it| it.memory.to_string()), used_fresh, theme),
        cells::value(up, fresh, theme),
        Cell::new(it.restarts.to_string(), theme.style(cells::role(fresh, it.restarts > 0))),
        traffic(|it| it.received),
        traffic(|it| it.sent),
        traffic(|it| it.read),
        traffic(|it| it.written),
        Cell::new(cells::image(&it.image).to_owned(), theme.style(Role::Muted)),
        cells::value(digest, fresh, theme),
        Cell::new(ports.join(" "), theme.style(Role::Muted)),
    ]
}

/// State and health in one word.
pub fn word(it: &Container) -> String {
    match (it.state, it.health) {
        (ContainerState::Running, ContainerHealth::Healthy) => "healthy".to_owned(),
        (ContainerState::Running, ContainerHealth::Unhealthy) => "unhealthy".to_owned(),
        (ContainerState::Running, ContainerHealth::Starting) => "starting".to_owned(),
        (ContainerState::Exited, _) if it.oom_killed => "oom killed".to_owned(),
        (ContainerState::Exited, _) => {
            it.exit_code.map_or_else(|| "exited".to_owned(), |code| format!("exited {code}"))
        }
        (state, _) => state.word().to_owned(),
    }
}
