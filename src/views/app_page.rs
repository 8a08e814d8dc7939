//! An app's page: one app over all its servers.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::containers_table::{self, Shown};
use super::overview::{count, head};
use super::{cells, changes_table, checks_table, filter_line};
use crate::domain::app::App;
use crate::domain::health::Health;
use crate::domain::ids::{AppId, ContainerKey};
use crate::state::State;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Window, draw_empty};
use crate::widgets::text::{Place, put_pieces};

/// Draws it.
pub fn page(state: &State, id: &AppId, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let Some(app) = state.fleet.app(id) else {
        draw_empty(buf, state.size.body(), &format!("no server has an app {id} now"), Role::Unknown, theme);
        return None;
    };
    let panes = state.app.panes();
    summary(state, app, panes.summary, theme, buf);
    containers(state, app, panes.containers, theme, buf);
    checks(state, panes.checks, theme, buf);
    changes(state, panes.changes, theme, buf);
    filter_line::draw(&state.app.filter, state, theme, buf)
}

fn summary(state: &State, app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let health = app.verdict.health;
    let mut images: Vec<&str> =
        app.containers.iter().filter_map(|key| Some(cells::image(&state.container(key)?.image))).collect();
    images.sort_unstable();
    images.dedup();
    let servers: Vec<&str> = app.servers.iter().map(crate::domain::ids::ServerId::as_str).collect();
    let word = format!("{} {}", theme.glyphs.health(health), health.word());
    let lines = [
        vec![
            (word, theme.bold(Theme::health(health))),
            (format!("  {}", app.verdict.reason), theme.style(Role::Text)),
        ],
        vec![
            ("project ".to_owned(), theme.style(Role::Muted)),
            (format!("{}   ", app.project), theme.style(Role::Text)),
            ("servers ".to_owned(), theme.style(Role::Muted)),
            (servers.join(" "), theme.style(Role::Text)),
        ],
        vec![("images ".to_owned(), theme.style(Role::Muted)), (images.join("  "), theme.style(Role::Text))],
    ];
    let notes = state.app_notes(&app.id).into_iter().map(|(text, health)| {
        let role = if health == Health::Up { Role::Accent } else { Theme::health(health) };
        vec![(text, theme.bold(role))]
    });
    for (row, line) in area.rows().zip(lines.into_iter().chain(notes)) {
        let place = Place { x: row.x + 2, y: row.y, width: row.width.saturating_sub(3) };
        let pieces: Vec<_> = line.into_iter().map(|(text, style)| (text.into(), style)).collect();
        put_pieces(buf, place, &pieces, theme);
    }
}

fn containers(state: &State, app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.app;
    let note = count(page.container_rows.len(), app.containers.len());
    let Some(body) = head(buf, area, "CONTAINERS", &note, "", true, theme) else { return };
    if page.container_rows.is_empty() {
        let text =
            if page.filter.is_empty() { "it has no containers" } else { "no container passes the filter" };
        return draw_empty(buf, body, text, Role::Muted, theme);
    }
    let window = Window {
        rows: page.container_rows.len(),
        first: page.containers.first,
        selected: page.containers.index(),
        focused: true,
        headed: true,
        sorted: None,
    };
    let marked = |key: &ContainerKey| page.containers.marked.contains(key);
    let shown = Shown { rows: &page.container_rows, window, with_server: true, marked: &marked };
    containers_table::draw_rows(state, body, &shown, theme, buf);
}

fn checks(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let rows = &state.app.check_rows;
    let Some(body) = head(buf, area, "CHECKS", &rows.len().to_string(), "", false, theme) else { return };
    if rows.is_empty() {
        return draw_empty(buf, body, "no check is configured for this app", Role::Muted, theme);
    }
    let window = Window { rows: rows.len(), headed: true, ..Window::default() };
    checks_table::draw_rows(state, body, rows, window, theme, buf);
}

fn changes(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let Some(body) = head(buf, area, "CHANGED ON ITS SERVERS", "", "", false, theme) else { return };
    changes_table::draw_rows(state, body, &state.app.changes, theme, buf);
}
