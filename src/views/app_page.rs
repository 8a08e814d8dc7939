//! An app's page: one app over all its servers.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::containers_table::Shown;
use super::overview::{count, head, noted};
use super::{cells, changes_table, checks_table, containers_table, filter_line, left_out, requests_table};
use crate::domain::app::App;
use crate::domain::health::Health;
use crate::domain::ids::{AppId, ContainerKey};
use crate::state::State;
use crate::state::app_page::{Pane, note};
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
    let requests = requests_table::Shown {
        requests: &state.app.requests,
        focused: state.app.pane == Pane::Requests,
        with_server: true,
        none: "not known: no access log of its servers is configured (servers.NAME.logs)",
    };
    requests_table::pane(state, panes.requests, &requests, theme, buf);
    containers(state, app, panes.containers, theme, buf);
    checks(state, panes.checks, theme, buf);
    changes(state, panes.changes, theme, buf);
    let page = &state.app;
    let mut places = vec![
        ("APP", 1, panes.summary),
        ("CONTAINERS", page.container_rows.len(), panes.containers),
        ("CHECKS", page.check_rows.len(), panes.checks),
        ("CHANGED", page.changes.len(), panes.changes),
    ];
    if page.requests.all > 0 {
        places.push(("REQUESTS", page.requests.rows.len(), panes.requests));
    }
    left_out::draw(state, panes.rest, &places, theme, buf);
    filter_line::draw(&state.app.filter, state, theme, buf)
}

fn summary(state: &State, app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let heading = &state.app.heading;
    let mut images: Vec<&str> =
        app.containers.iter().filter_map(|key| Some(cells::image(&state.container(key)?.image))).collect();
    images.sort_unstable();
    images.dedup();
    let servers: Vec<&str> = app.servers.iter().map(crate::domain::ids::ServerId::as_str).collect();
    let sign = format!("{} {}  ", theme.glyphs.health(heading.health), heading.word);
    let mut lines: Vec<Vec<(String, Style)>> =
        heading.rows(area.width).into_iter().map(|row| vec![(row, theme.style(Role::Text))]).collect();
    lines[0].insert(0, (sign, theme.bold(Theme::health(heading.health))));
    lines.push(vec![
        ("project ".to_owned(), theme.style(Role::Muted)),
        (format!("{}   ", app.project), theme.style(Role::Text)),
        ("servers ".to_owned(), theme.style(Role::Muted)),
        (servers.join(" "), theme.style(Role::Text)),
    ]);
    lines.push(vec![
        ("images ".to_owned(), theme.style(Role::Muted)),
        (images.join("  "), theme.style(Role::Text)),
    ]);
    for (text, health) in &state.app.notes {
        let role = if *health == Health::Up { Role::Accent } else { Theme::health(*health) };
        lines.extend(note(text, area.width).into_iter().map(|row| vec![(row, theme.bold(role))]));
    }
    for (row, line) in area.rows().zip(lines) {
        let place = Place { x: row.x + 2, y: row.y, width: row.width.saturating_sub(3) };
        let pieces: Vec<_> = line.into_iter().map(|(text, style)| (text.into(), style)).collect();
        put_pieces(buf, place, &pieces, theme);
    }
}

fn containers(state: &State, app: &App, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.app;
    let focused = page.pane == Pane::Containers;
    let count = count(page.container_rows.len(), app.containers.len());
    let note = noted(count, &page.containers, area, 2, &page.container_rows);
    let order = page.container_order.order();
    let Some(body) = head(buf, area, "CONTAINERS", &note, order.word(), focused, theme) else { return };
    if page.container_rows.is_empty() {
        let text =
            if page.filter.is_empty() { "it has no containers" } else { "no container passes the filter" };
        return draw_empty(buf, body, text, Role::Muted, theme);
    }
    let window = Window {
        rows: page.container_rows.len(),
        first: page.containers.first,
        selected: page.containers.index(),
        focused,
        headed: true,
        sorted: containers_table::sorted(order),
    };
    let marked = |key: &ContainerKey| page.containers.marked.contains(key);
    let shown = Shown { rows: &page.container_rows, window, with_server: true, marked: &marked };
    containers_table::draw_rows(state, body, &shown, theme, buf);
}

fn checks(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.app;
    let focused = page.pane == Pane::Checks;
    let configured = state.setup.apps.iter().find(|it| Some(&it.id) == page.app.as_ref());
    let all = configured.map_or(0, |it| it.checks.len());
    let note = noted(count(page.check_rows.len(), all), &page.checks, area, 2, &page.check_rows);
    let order = page.check_order.order();
    let Some(body) = head(buf, area, "CHECKS", &note, order.word(), focused, theme) else { return };
    if page.check_rows.is_empty() {
        let why = if all == 0 { "no check is configured for this app" } else { "no check passes the filter" };
        return draw_empty(buf, body, why, Role::Muted, theme);
    }
    let window = Window {
        rows: page.check_rows.len(),
        first: page.checks.first,
        selected: page.checks.index().filter(|_| focused),
        focused,
        headed: true,
        sorted: checks_table::sorted(order),
    };
    checks_table::draw_rows(state, body, &page.check_rows, window, false, theme, buf);
}

fn changes(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.app;
    let focused = page.pane == Pane::Changes;
    let shown = changes_table::Shown { rows: &page.changes, list: &page.changed, focused };
    let note = noted(String::new(), &page.changed, area, 1, &page.change_rows);
    let order = page.change_order.order().word();
    let Some(body) = head(buf, area, "CHANGED ON ITS SERVERS", &note, order, focused, theme) else { return };
    changes_table::draw_rows(state, body, &shown, theme, buf);
}
