//! The selected row told whole, above the last row: a list has room for the beginning of a reason alone.
//! Where what is selected is well, the first page tells its worst problem there.

use ratatui::buffer::Buffer;

use super::problems_table::{place, word};
use super::{apps_table, changes_table, units_table};
use crate::domain::failure::Failure;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{CheckId, ContainerKey, ServerId};
use crate::domain::problem::{Problem, Target};
use crate::state::State;
use crate::state::app_page::Pane as AppPane;
use crate::state::changes::{Change, ChangeId};
use crate::state::overview::Pane;
use crate::state::page::Page;
use crate::state::selection::Selected;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put, width};
use crate::widgets::wrap::wrap;

/// What is told.
struct Told {
    /// A sign, or a sign and a word.
    sign: String,
    role: Role,
    name: String,
    text: String,
    well: bool,
}

/// Draws it; the rows stay empty where nothing is selected.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer) {
    let area = state.size.strip();
    for row in area.rows() {
        buf.set_string(row.x, row.y, " ".repeat(usize::from(row.width)), theme.surface());
        buf.set_style(row, theme.surface());
    }
    let Some(it) = told(state, theme) else { return };
    let style = |role| theme.style(role).bg(theme.color(Role::Surface));
    let ahead = format!("{} {}  ", it.sign, it.name);
    let cells = area.width.saturating_sub(2);
    let mut parts = wrap(&format!("{ahead}{}", it.text), usize::from(cells)).into_iter();
    // What has no room is told by a key.
    let more = format!("  {} all", state.key_of("inspect"));
    for (n, row) in area.rows().enumerate() {
        let last = n + 1 == usize::from(area.height);
        let part: String = if last { parts.by_ref().collect() } else { parts.next().unwrap_or_default() };
        let part = part.trim_end();
        let mut at = Place { x: row.x + 1, y: row.y, width: cells };
        if width(part) > cells {
            at.width = cells.saturating_sub(width(&more));
            let place = Place { x: at.x + at.width, y: row.y, width: width(&more) };
            put(buf, place, &more, style(Role::Key), theme);
        }
        if n == 0 && part.starts_with(&ahead) {
            let mut rest = at;
            for (text, style) in [
                (it.sign.as_str(), theme.bold(it.role).bg(theme.color(Role::Surface))),
                (" ", style(Role::Text)),
                (it.name.as_str(), theme.bold(Role::Text).bg(theme.color(Role::Surface))),
                (&part[ahead.len() - 2..], style(Role::Text)),
            ] {
                let used = put(buf, rest, text, style, theme);
                rest = Place { x: rest.x + used, width: rest.width - used, ..rest };
            }
        } else {
            put(buf, at, part, style(Role::Text), theme);
        }
    }
}

fn told(state: &State, theme: &Theme) -> Option<Told> {
    if let Some(change) = change(state) {
        let (_, role) = changes_table::mark_word(change.mark.kind);
        let sign = theme.glyphs.event(change.mark.kind).to_owned();
        let name = change.mark.server.to_string();
        return Some(Told { sign, role, name, text: change.text(), well: false });
    }
    let overview = *state.nav.page() == Page::Overview;
    if overview && state.overview.pane == Pane::Problems {
        let id = state.overview.problems.selected.as_ref()?;
        return state.fleet.problems().iter().find(|it| it.id == *id).map(|it| problem(state, it, theme));
    }
    let selected = state.selected().and_then(|selected| of(state, &selected, theme));
    match selected {
        Some(it) if !it.well || !overview => Some(it),
        well => state.fleet.problems().first().map(|it| problem(state, it, theme)).or(well),
    }
}

/// The selected change, where the keys go to those.
fn change(state: &State) -> Option<&Change> {
    let (rows, selected): (&[Change], Option<&ChangeId>) = match state.nav.page() {
        Page::Overview if state.overview.pane == Pane::Changes => {
            (&state.overview.changes, state.overview.changed.selected.as_ref())
        }
        Page::App(_) if state.app.pane == AppPane::Changes => {
            (&state.app.changes, state.app.changed.selected.as_ref())
        }
        _ => return None,
    };
    rows.iter().find(|it| Some(&it.id()) == selected)
}

fn problem(state: &State, it: &Problem, theme: &Theme) -> Told {
    let mut text = it.cause.clone();
    if let Target::Server(server) = &it.target {
        text.push_str(&way_on(state, server));
    }
    if !it.affects.is_empty() {
        let names: Vec<String> = it.affects.iter().map(|target| place(state, target)).collect();
        text = format!("{text}  takes {} with it: {}", names.len(), names.join(", "));
    }
    let sign = format!("{} {} ", theme.glyphs.health(it.severity), word(state, it));
    Told { sign, role: Theme::health(it.severity), name: place(state, &it.target), text, well: false }
}

fn of(state: &State, selected: &Selected, theme: &Theme) -> Option<Told> {
    let (name, verdict, text) = match selected {
        Selected::Target(target) => {
            let (verdict, text) = target_of(state, target)?;
            (place(state, target), verdict, text)
        }
        Selected::Unit(server, unit) => {
            let (verdict, text) = units_table::told(state, state.fleet.server(server)?, unit)?;
            (unit.to_string(), verdict, text)
        }
        Selected::Disk(server, mount) => {
            let vitals = state.fleet.server(server)?.vitals.value()?;
            let disk = vitals.disks.iter().find(|disk| disk.mount == *mount)?;
            let used = disk.share().map_or_else(|| "-".to_owned(), |share| share.to_string());
            let text = format!("{used} of {} used, {} free, {}", disk.total, disk.available, disk.device);
            let limit = state.fleet.server(server)?.setup.thresholds.disk;
            let over = disk.share().is_some_and(|share| share.0 > limit.0);
            let health = if over { Health::Degraded } else { Health::Up };
            (mount.clone(), Verdict::new(health, String::new()), text)
        }
        Selected::Access(key) => {
            let failure = state.fleet.server(&key.server)?.access.get(&key.label)?.failure.as_ref();
            let (failure, _) = failure?;
            let verdict = Verdict::new(Health::Unknown, String::new());
            (format!("{} {}", key.server, key.label), verdict, why(failure))
        }
        // Its page tells it below the list.
        Selected::Backup(..) | Selected::File(_) => return None,
    };
    let (role, sign) = (Theme::health(verdict.health), theme.glyphs.health(verdict.health).to_owned());
    Some(Told { sign, role, name, text, well: verdict.health == Health::Up })
}

/// How a target is, and what is said of it: why it is not well, else what it is.
fn target_of(state: &State, target: &Target) -> Option<(Verdict, String)> {
    match target {
        Target::Server(id) => {
            let server = state.fleet.server(id)?;
            let verdict = server.verdict();
            let text = if verdict.reason.is_empty() { &server.setup.address } else { &verdict.reason };
            Some((verdict.clone(), format!("{text}{}", way_on(state, id))))
        }
        Target::App(id) => {
            let app = state.fleet.app(id)?;
            let servers: Vec<&str> = app.servers.iter().map(ServerId::as_str).collect();
            let text = match apps_table::reason(app, state.now) {
                none if none.is_empty() => format!("on {}", servers.join(", ")),
                reason => reason,
            };
            Some((app.verdict.clone(), text))
        }
        Target::Container(key) => container(state, key),
        Target::Check(id) => Some(check(state, id)),
        Target::Datastore(id) => {
            let datastores = state.fleet.datastores();
            let it = datastores.get(id)?;
            let verdict = datastores.verdict(it, state.now);
            let text = if verdict.reason.is_empty() { it.what.clone() } else { verdict.reason.clone() };
            Some((verdict, text))
        }
    }
}

fn container(state: &State, key: &ContainerKey) -> Option<(Verdict, String)> {
    let server = state.fleet.server(&key.server)?;
    let it = server.container(&key.id)?;
    let verdict = server.judged(it, state.now);
    let text = if verdict.reason.is_empty() {
        it.image.clone()
    } else {
        format!("{}  {}", verdict.reason, it.image)
    };
    Some((verdict, text))
}

fn check(state: &State, id: &CheckId) -> (Verdict, String) {
    let verdict = state.fleet.check_verdict(id, state.now);
    let reading = state.fleet.check(id);
    let target = reading.and_then(|it| it.value()).map(|it| it.target.clone()).unwrap_or_default();
    let text = match (verdict.reason.is_empty(), reading.and_then(|it| it.failure.as_ref())) {
        (_, Some((failure, _))) => why(failure),
        (true, None) => target,
        (false, None) => format!("{}  {target}", verdict.reason),
    };
    (verdict, text)
}

/// What can be done about a server that is not reached.
fn way_on(state: &State, server: &ServerId) -> String {
    let lost = state.fleet.server(server).and_then(|it| it.link_lost.as_ref());
    let hint = |(failure, _): &(Failure, _)| failure.hint.as_ref().map(|hint| format!("  {hint}"));
    lost.and_then(hint).unwrap_or_default()
}

fn why(failure: &Failure) -> String {
    let hint = failure.hint.as_ref().map(|hint| format!("  {hint}")).unwrap_or_default();
    format!("{}{hint}", failure.reason())
}
