//! The first page: problems first, then servers and apps, then what changed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{apps_table, changes_table, filter_line, problems_table, servers_table};
use crate::domain::health::Health;
use crate::state::State;
use crate::state::overview::{Overview, Pane};
use crate::theme::{Role, Theme};
use crate::widgets::section::Section;
use crate::widgets::table::draw_empty;

/// Draws it.
pub fn page(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let overview = &state.overview;
    let panes = overview.panes();
    problems(state, panes.problems, theme, buf);
    servers(state, panes.servers, theme, buf);
    apps(state, panes.apps, theme, buf);
    changes(state, panes.changes, theme, buf);
    filter_line::draw(&overview.filter, state, theme, buf)
}

fn problems(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let all = state.fleet.problems().len();
    let note = count(overview.problem_rows.len(), all);
    let focused = overview.pane == Pane::Problems;
    let Some(body) = head(buf, area, "PROBLEMS", &note, "", focused, theme) else { return };
    if overview.problem_rows.is_empty() {
        let (sentence, role) = quiet(state, overview);
        return draw_empty(buf, body, &sentence, role, theme);
    }
    problems_table::draw_rows(state, body, focused, theme, buf);
}

/// What to say where no problem is listed: that all is well only where all was looked at.
fn quiet(state: &State, overview: &Overview) -> (String, Role) {
    if !overview.filter.is_empty() && !state.fleet.problems().is_empty() {
        return ("no problem passes the filter".to_owned(), Role::Muted);
    }
    let unread = state.fleet.servers().filter(|server| server.verdict().health == Health::Unknown).count();
    let unmade = state.setup.checks.iter().filter(|id| state.fleet.check(id).is_none()).count();
    let count = |n, one: &str, more: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {more}")),
    };
    let open: Vec<String> = count(unread, "server is not read yet", "servers are not read yet")
        .into_iter()
        .chain(count(unmade, "check was not made yet", "checks were not made yet"))
        .collect();
    if open.is_empty() {
        return ("none: everything that is watched was read, and is well".to_owned(), Role::Up);
    }
    (format!("none known; {}", open.join(", ")), Role::Unknown)
}

fn servers(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let note = count(overview.server_rows.len(), state.fleet.servers().len());
    let focused = overview.pane == Pane::Servers;
    let Some(body) = head(buf, area, "SERVERS", &note, overview.sort.word(), focused, theme) else { return };
    if overview.server_rows.is_empty() {
        return draw_empty(buf, body, "no server passes the filter", Role::Muted, theme);
    }
    servers_table::draw_rows(state, body, focused, theme, buf);
}

fn apps(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let note = count(overview.app_rows.len(), state.fleet.apps().len());
    let focused = overview.pane == Pane::Apps;
    let Some(body) = head(buf, area, "APPS", &note, "", focused, theme) else { return };
    if overview.app_rows.is_empty() {
        let sentence = if overview.filter.is_empty() {
            "no Compose project was found"
        } else {
            "no app passes the filter"
        };
        return draw_empty(buf, body, sentence, Role::Muted, theme);
    }
    apps_table::draw_rows(state, body, focused, theme, buf);
}

fn changes(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let Some(body) = head(buf, area, "CHANGED", "", "", false, theme) else { return };
    changes_table::draw_rows(state, body, &state.overview.changes, theme, buf);
}

/// Draws a heading; gives back the area under it, where there is any.
pub fn head(
    buf: &mut Buffer,
    area: Rect,
    title: &str,
    note: &str,
    right: &str,
    focused: bool,
    theme: &Theme,
) -> Option<Rect> {
    if area.height == 0 {
        return None;
    }
    Section { title, note, right, focused }.draw(buf, area, theme);
    Some(Rect { y: area.y + 1, height: area.height - 1, ..area })
}

/// `12`, or `3 of 12` where some are not shown.
pub fn count(shown: usize, all: usize) -> String {
    if shown == all { all.to_string() } else { format!("{shown} of {all}") }
}
