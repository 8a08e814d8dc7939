//! The first page: problems first, then servers, apps and datastores, then what changed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::changes_table::Shown;
use super::{
    apps_table, changes_table, datastores_table, filter_line, left_out, problems_table, servers_table,
};
use crate::domain::health::Health;
use crate::state::State;
use crate::state::list::List;
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
    datastores(state, panes.datastores, theme, buf);
    changes(state, panes.changes, theme, buf);
    let mut places = vec![
        ("PROBLEMS", overview.problem_rows.len(), panes.problems),
        ("SERVERS", overview.server_rows.len(), panes.servers),
        ("APPS", overview.app_rows.len(), panes.apps),
        ("CHANGED", overview.changes.len(), panes.changes),
    ];
    if state.fleet.datastores().all().len() > 0 {
        places.push(("DATASTORES", overview.datastore_rows.len(), panes.datastores));
    }
    left_out::draw(state, panes.rest, &places, theme, buf);
    filter_line::draw(&overview.filter, state, theme, buf)
}

fn problems(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let all = state.fleet.problems().len();
    let note =
        noted(count(overview.problem_rows.len(), all), &overview.problems, area, 1, &overview.problem_rows);
    let focused = overview.pane == Pane::Problems;
    let order = overview.problem_order.order().word();
    let Some(body) = head(buf, area, "PROBLEMS", &note, order, focused, theme) else { return };
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
    let datastores = state.fleet.datastores();
    let unlooked = datastores.all().filter(|it| !datastores.was_looked_at(it)).count();
    let open: Vec<String> = count(unread, "server is not read yet", "servers are not read yet")
        .into_iter()
        .chain(count(unmade, "check was not made yet", "checks were not made yet"))
        .chain(count(
            unlooked,
            "datastore's backups are not read yet",
            "datastores' backups are not read yet",
        ))
        .collect();
    if open.is_empty() {
        return ("none: everything that is watched was read, and is well".to_owned(), Role::Up);
    }
    (format!("none known; {}", open.join(", ")), Role::Unknown)
}

fn servers(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let count = count(overview.server_rows.len(), state.fleet.servers().len());
    let note = noted(count, &overview.servers, area, 2, &overview.server_rows);
    let order = overview.server_order.order().word();
    let focused = overview.pane == Pane::Servers;
    let Some(body) = head(buf, area, "SERVERS", &note, order, focused, theme) else { return };
    if overview.server_rows.is_empty() {
        return draw_empty(buf, body, "no server passes the filter", Role::Muted, theme);
    }
    servers_table::draw_rows(state, body, focused, theme, buf);
}

fn apps(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let count = count(overview.app_rows.len(), state.fleet.apps().len());
    let note = noted(count, &overview.apps, area, 2, &overview.app_rows);
    let order = overview.app_order.order().word();
    let focused = overview.pane == Pane::Apps;
    let Some(body) = head(buf, area, "APPS", &note, order, focused, theme) else { return };
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

fn datastores(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let count = count(overview.datastore_rows.len(), state.fleet.datastores().all().len());
    let note = noted(count, &overview.datastores, area, 2, &overview.datastore_rows);
    let order = overview.datastore_order.order().word();
    let focused = overview.pane == Pane::Datastores;
    let Some(body) = head(buf, area, "DATASTORES", &note, order, focused, theme) else { return };
    if overview.datastore_rows.is_empty() {
        return draw_empty(buf, body, "no datastore passes the filter", Role::Muted, theme);
    }
    datastores_table::draw_rows(state, body, focused, theme, buf);
}

fn changes(state: &State, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let overview = &state.overview;
    let focused = overview.pane == Pane::Changes;
    let shown = Shown { rows: &overview.changes, list: &overview.changed, focused };
    let note = noted(String::new(), &overview.changed, area, 1, &overview.change_rows);
    let order = overview.change_order.order().word();
    let Some(body) = head(buf, area, "CHANGED", &note, order, focused, theme) else { return };
    changes_table::draw_rows(state, body, &shown, theme, buf);
}

/// What stands beside a heading: how many there are, and how many of them have no room above and below
/// what is shown of a list under so many rows of headings.
pub fn noted<Id>(count: String, list: &List<Id>, area: Rect, heads: u16, rows: &[Id]) -> String {
    let above = list.first;
    let below = rows.len().saturating_sub(above + usize::from(area.height.saturating_sub(heads)));
    let told = |n: usize, word: &str| (n > 0).then(|| format!("{n} {word}"));
    let parts = (!count.is_empty()).then_some(count).into_iter();
    parts.chain(told(above, "above")).chain(told(below, "below")).collect::<Vec<_>>().join(", ")
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
