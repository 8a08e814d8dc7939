//! A server's disks as rows, with when each will be full if it goes on like this.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::vitals::Vitals;
use crate::state::State;
use crate::state::order::Order;
use crate::state::server::Pane;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::Align;

const COLUMNS: [Column; 7] = [
    Column::flexible("mount", 12, 30, 0).with_its_end(),
    Column::fixed("used", 4, Align::Right, 0),
    Column::fixed("free", 5, Align::Right, 0),
    Column::fixed("size", 5, Align::Right, 1),
    Column::fixed("inodes", 6, Align::Right, 2),
    Column::fixed("full in", 8, Align::Left, 3),
    Column::flexible("device", 10, 48, 4),
];

/// The column that an order stands for.
const fn sorted(order: Order) -> (usize, bool) {
    match order {
        Order::Name => (0, false),
        Order::Size => (3, true),
        Order::Inodes => (4, true),
        _ => (1, true),
    }
}

/// Draws the disks that are shown.
pub fn draw_rows(
    state: &State,
    server: &ServerLive,
    vitals: &Vitals,
    body: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let page = &state.server;
    let focused = page.pane == Pane::Disks;
    let fresh = server.vitals_freshness(state.now);
    let limits = &server.setup.thresholds;
    let window = Window {
        rows: page.disk_rows.len(),
        first: page.disks.first,
        selected: page.disks.index().filter(|_| focused),
        focused,
        headed: true,
        sorted: Some(sorted(page.disk_order.order())),
    };
    draw(buf, body, &COLUMNS, window, theme, |i| {
        let mount = &page.disk_rows[i];
        let Some(disk) = vitals.disks.iter().find(|disk| disk.mount == *mount) else { return Row::default() };
        let full = server.disk_full_at.get(&disk.mount).map(|at| cells::spoken(at.since(state.now)));
        Row {
            cells: vec![
                Cell::new(disk.mount.clone(), theme.style(Role::Text)),
                cells::share(disk.share(), limits.disk, fresh, theme),
                cells::value(Some(disk.available.to_string()), fresh, theme),
                cells::value(Some(disk.total.to_string()), fresh, theme),
                cells::share(disk.inodes_used, limits.inodes, fresh, theme),
                cells::value(full, fresh, theme),
                Cell::new(disk.device.clone(), theme.style(Role::Muted)),
            ],
            ..Row::default()
        }
    });
}
