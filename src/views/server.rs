//! A server's page.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::containers_table::{self, Shown};
use super::overview::{count, head};
use super::{checks_table, disks_table, filter_line, machine, units_table};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::{ContainerKey, ServerId};
use crate::domain::reading::Reading;
use crate::state::State;
use crate::state::server::Pane;
use crate::store::fleet::ServerLive;
use crate::theme::{Role, Theme};
use crate::widgets::table::{Window, draw_empty};

/// Draws it.
pub fn page(state: &State, id: &ServerId, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let Some(server) = state.fleet.server(id) else {
        let sentence = format!("the configuration names no server {id} any more");
        draw_empty(buf, state.size.body(), &sentence, Role::Unknown, theme);
        return None;
    };
    let panes = state.server.panes();
    machine::draw(state, server, panes.machine, theme, buf);
    containers(state, server, panes.containers, theme, buf);
    units(state, server, panes.units, theme, buf);
    disks(state, server, panes.disks, theme, buf);
    checks(state, panes.checks, theme, buf);
    filter_line::draw(&state.server.filter, state, theme, buf)
}

fn containers(state: &State, server: &ServerLive, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.server;
    let focused = page.pane == Pane::Containers;
    let note = count(page.container_rows.len(), server.known_containers().len());
    let order = if page.by_use { "busiest first" } else { "" };
    let Some(body) = head(buf, area, "CONTAINERS", &note, order, focused, theme) else { return };
    if page.container_rows.is_empty() {
        let (text, role) = nothing(&server.containers, "no containers");
        return draw_empty(buf, body, &text, role, theme);
    }
    let key =
        |id: &crate::domain::ids::ContainerId| ContainerKey { server: server.id().clone(), id: id.clone() };
    let rows: Vec<ContainerKey> = page.container_rows.iter().map(key).collect();
    let window = Window {
        rows: rows.len(),
        first: page.containers.first,
        selected: page.containers.index(),
        focused,
        headed: true,
        sorted: None,
    };
    let marked = |key: &ContainerKey| page.containers.marked.contains(&key.id);
    let shown = Shown { rows: &rows, window, with_server: false, marked: &marked };
    containers_table::draw_rows(state, body, &shown, theme, buf);
}

fn units(state: &State, server: &ServerLive, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.server;
    let focused = page.pane == Pane::Units;
    let units = server.units.value();
    let note = units.map_or_else(String::new, |it| {
        format!("{} failed, {} flapping, {} timers", it.failed.len(), it.flapping.len(), it.timers.len())
    });
    let system = units.map_or("", |it| it.system.as_str());
    let Some(body) = head(buf, area, "UNITS", &note, system, focused, theme) else { return };
    if page.unit_rows.is_empty() {
        let empty = if page.filter.is_empty() {
            "it has no services and timers"
        } else {
            "no unit passes the filter"
        };
        let (text, role) = nothing(&server.units, empty);
        return draw_empty(buf, body, &text, role, theme);
    }
    units_table::draw_rows(state, server, body, focused, theme, buf);
}

fn disks(state: &State, server: &ServerLive, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let note = state.server.disks.to_string();
    let Some(body) = head(buf, area, "DISKS", &note, "", false, theme) else { return };
    match server.vitals.value() {
        Some(vitals) if !vitals.disks.is_empty() => {
            disks_table::draw_rows(state, server, vitals, body, theme, buf);
        }
        _ => {
            let (text, role) = nothing(&server.vitals, "no disk is mounted that holds data");
            draw_empty(buf, body, &text, role, theme);
        }
    }
}

fn checks(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.server;
    let focused = page.pane == Pane::Checks;
    let note = page.check_rows.len().to_string();
    let Some(body) = head(buf, area, "CHECKS FROM HERE", &note, "", focused, theme) else { return };
    if page.check_rows.is_empty() {
        return draw_empty(buf, body, "no check is seen from this server", Role::Muted, theme);
    }
    let window = Window {
        rows: page.check_rows.len(),
        first: page.checks.first,
        selected: page.checks.index().filter(|_| focused),
        focused,
        headed: true,
        sorted: None,
    };
    checks_table::draw_rows(state, body, &page.check_rows, window, theme, buf);
}

/// Why a list is empty: it was not read, it cannot be read, or there is nothing.
fn nothing<T>(reading: &Reading<T>, none: &str) -> (String, Role) {
    match (&reading.failure, &reading.last) {
        (Some((failure, _)), _) if failure.kind == FailureKind::Unsupported => (reason(failure), Role::Muted),
        (Some((failure, _)), _) => (reason(failure), Role::Down),
        (None, None) => ("not read yet".to_owned(), Role::Unknown),
        (None, Some(_)) => (none.to_owned(), Role::Muted),
    }
}

fn reason(failure: &Failure) -> String {
    match &failure.hint {
        Some(hint) => format!("{}: {}; {hint}", failure.kind.word(), failure.reason()),
        None => format!("{}: {}", failure.kind.word(), failure.reason()),
    }
}
