//! How the state looks: one file a page, one for what lies above. Drawing only: nothing here
//! changes, reads or decides anything.

mod app_page;
mod apps_table;
mod cells;
mod changes_table;
mod checks;
mod checks_table;
pub mod chrome;
mod containers_table;
mod datastore;
mod datastores_table;
mod disks_table;
mod environment;
mod files;
mod filter_line;
pub mod help;
pub mod hints;
mod inspect;
mod left_out;
mod legend;
pub mod logs;
mod machine;
mod metrics;
pub mod overlays;
mod overview;
pub mod palette;
mod problems_table;
mod prompt;
mod read;
mod releases;
mod requests_table;
mod run_log;
mod server;
mod servers_table;
mod strip;
mod units_table;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::state::State;
use crate::state::layout::SMALLEST;
use crate::state::page::Page;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put};

/// Draws the whole screen; gives back where the cursor stands where something is typed.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    buf.set_style(buf.area, theme.ground());
    if !state.size.fits() {
        too_small(state, theme, buf);
        return None;
    }
    chrome::header(state, theme, buf);
    chrome::footer(state, theme, buf);
    let cursor = page(state, theme, buf);
    if matches!(state.nav.page(), Page::Overview | Page::Server(_) | Page::App(_) | Page::Checks) {
        strip::draw(state, theme, buf);
    }
    let cursor = overlays::draw(state, theme, buf).unwrap_or(cursor);
    for cell in &mut buf.content {
        if let Some(plain) = theme.glyphs.instead_of(cell.symbol()) {
            cell.set_symbol(plain);
        }
    }
    cursor
}

fn page(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    match state.nav.page() {
        Page::Overview => overview::page(state, theme, buf),
        Page::Server(server) => server::page(state, server, theme, buf),
        Page::App(app) => app_page::page(state, app, theme, buf),
        Page::Logs => logs::draw(state, theme, buf),
        Page::Metrics => metrics::draw(state, theme, buf),
        Page::Checks => checks::page(state, theme, buf),
        Page::Datastore(id) => datastore::page(state, id, theme, buf),
        Page::Files(datastore, backup) => files::page(state, datastore, backup, theme, buf),
        Page::Found(datastore) => files::found(state, datastore, theme, buf),
        Page::Releases(app) => {
            releases::page(state, app, theme, buf);
            None
        }
        Page::Plan | Page::Run(_) | Page::Unfinished(_) | Page::Approval(_) | Page::Adopt => {
            read::page(state, theme, buf);
            None
        }
    }
}

fn too_small(state: &State, theme: &Theme, buf: &mut Buffer) {
    let area = state.size.whole();
    let lines = [
        format!("midwatch needs {}x{}", SMALLEST.columns, SMALLEST.rows),
        format!("this is {}x{}", area.width, area.height),
        "q quits".to_owned(),
    ];
    for (y, line) in (0..area.height).zip(&lines) {
        put(buf, Place { x: 0, y, width: area.width }, line, theme.style(Role::Text), theme);
    }
}
