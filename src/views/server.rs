//! A server's page.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::containers_table::Shown;
use super::overview::{count, head, noted};
use super::{
    checks_table, containers_table, disks_table, filter_line, left_out, machine, requests_table, units_table,
};
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
    let none = format!("not known: no access log of it is configured (servers.{id}.logs)");
    let requests = requests_table::Shown {
        requests: &state.server.requests,
        focused: state.server.pane == Pane::Requests,
        with_server: false,
        none: &none,
    };
    requests_table::pane(state, panes.requests, &requests, theme, buf);
    containers(state, server, panes.containers, theme, buf);
    units(state, server, panes.units, theme, buf);
    disks(state, server, panes.disks, theme, buf);
    checks(state, id, panes.checks, theme, buf);
    let page = &state.server;
    let mut places = vec![
        ("MACHINE", 1, panes.machine),
        ("CONTAINERS", page.container_rows.len(), panes.containers),
        ("UNITS", page.unit_rows.len(), panes.units),
        ("DISKS", page.disk_rows.len(), panes.disks),
        ("CHECKS", page.check_rows.len(), panes.checks),
    ];
    if page.requests.all > 0 {
        places.push(("REQUESTS", page.requests.rows.len(), panes.requests));
    }
    left_out::draw(state, panes.rest, &places, theme, buf);
    filter_line::draw(&state.server.filter, state, theme, buf)
}

fn containers(state: &State, server: &ServerLive, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.server;
    let focused = page.pane == Pane::Containers;
    let count = count(page.container_rows.len(), server.known_containers().len());
    let note = noted(count, &page.containers, area, 2, &page.container_rows);
    let order = page.container_order.order();
    let Some(body) = head(buf, area, "CONTAINERS", &note, order.word(), focused, theme) else { return };
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
        sorted: containers_table::sorted(order),
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
    let note = noted(note, &page.units, area, 2, &page.unit_rows);
    let words = [page.unit_order.order().word(), units.map_or("", |it| it.system.as_str())];
    let right: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let Some(body) = head(buf, area, "UNITS", &note, &right.join("  "), focused, theme) else { return };
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
    let page = &state.server;
    let focused = page.pane == Pane::Disks;
    let all = server.vitals.value().map_or(0, |vitals| vitals.disks.len());
    let note = noted(count(page.disk_rows.len(), all), &page.disks, area, 2, &page.disk_rows);
    let order = page.disk_order.order().word();
    let Some(body) = head(buf, area, "DISKS", &note, order, focused, theme) else { return };
    match server.vitals.value() {
        Some(vitals) if !page.disk_rows.is_empty() => {
            disks_table::draw_rows(state, server, vitals, body, theme, buf);
        }
        Some(vitals) if !vitals.disks.is_empty() => {
            draw_empty(buf, body, "no disk passes the filter", Role::Muted, theme);
        }
        _ => {
            let (text, role) = nothing(&server.vitals, "no disk is mounted that holds data");
            draw_empty(buf, body, &text, role, theme);
        }
    }
}

fn checks(state: &State, id: &ServerId, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.server;
    let focused = page.pane == Pane::Checks;
    let note = noted(page.check_rows.len().to_string(), &page.checks, area, 2, &page.check_rows);
    let order = page.check_order.order();
    // In the configuration `here` is the console.
    let title = format!("CHECKS SEEN FROM {id}");
    let Some(body) = head(buf, area, &title, &note, order.word(), focused, theme) else { return };
    if page.check_rows.is_empty() {
        return draw_empty(buf, body, "no check is seen from it", Role::Muted, theme);
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
