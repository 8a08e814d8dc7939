//! A server's disks as rows, with when each will be full if it goes on like this.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use crate::domain::vitals::{DiskUse, Vitals};
use crate::state::State;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Cell, Column, Row, Window, draw};
use crate::widgets::text::Align;

const COLUMNS: [Column; 6] = [
    Column::flexible("mount", 12, 30, 0),
    Column::fixed("used", 4, Align::Right, 0),
    Column::fixed("free", 5, Align::Right, 0),
    Column::fixed("size", 5, Align::Right, 1),
    Column::fixed("inodes", 6, Align::Right, 2),
    Column::flexible("full", 20, 60, 3),
];

/// Draws the disks, fullest first.
pub fn draw_rows(
    state: &State,
    server: &ServerLive,
    vitals: &Vitals,
    body: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let mut disks: Vec<&DiskUse> = vitals.disks.iter().collect();
    let share = |disk: &DiskUse| disk.share().map_or(0.0, |share| share.0);
    disks.sort_by(|a, b| share(b).total_cmp(&share(a)));
    let fresh = server.vitals_freshness(state.now);
    let limits = &server.setup.thresholds;
    let window = Window { rows: disks.len(), headed: true, ..Window::default() };
    draw(buf, body, &COLUMNS, window, theme, |i| {
        let disk = disks[i];
        let full = match server.disk_full_at.get(&disk.mount) {
            Some(at) => format!("in {} if it goes on like this", cells::spoken(at.since(state.now))),
            None => disk.device.clone(),
        };
        Row {
            cells: vec![
                Cell::new(disk.mount.clone(), theme.style(Role::Text)),
                cells::share(disk.share(), limits.disk, fresh, theme),
                cells::value(Some(disk.available.to_string()), fresh, theme),
                cells::value(Some(disk.total.to_string()), fresh, theme),
                cells::share(disk.inodes_used, limits.inodes, fresh, theme),
                Cell::new(full, theme.style(Role::Muted)),
            ],
            ..Row::default()
        }
    });
}
