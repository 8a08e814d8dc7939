//! One datastore: how it stands, its backups as rows, and more of the selected one below.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::inspect::datastore::{archive, checked, drill, schedule};
use super::overview::{count, head, noted};
use super::{cells, filter_line};
use crate::domain::backup::{Backup, TOLD};
use crate::domain::health::Health;
use crate::domain::ids::{AppId, DatastoreId};
use crate::domain::reading::Freshness;
use crate::domain::setup::DatastoreSetup;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::order::Order;
use crate::theme::{Glyphs, Role, Theme};
use crate::widgets::sheet::{self, Line, wrapped};
use crate::widgets::table::{Cell, Column, Row, Window, draw, draw_empty};
use crate::widgets::text::Align;

/// The columns.
const COLUMNS: [Column; 8] = [
    Column::fixed("backup", 8, Align::Left, 0),
    Column::fixed("taken (utc)", 16, Align::Left, 0),
    Column::fixed("age", 4, Align::Right, 0),
    Column::fixed("size", 5, Align::Right, 0),
    Column::fixed("stored", 6, Align::Right, 3),
    Column::flexible("release", 8, 16, 2),
    Column::flexible("by", 8, 24, 1),
    Column::flexible("why", 8, 80, 1),
];

/// The column that an order stands for.
const fn sorted(order: Order) -> Option<(usize, bool)> {
    match order {
        Order::Usual => Some((2, false)),
        Order::Oldest => Some((2, true)),
        Order::Size => Some((3, true)),
        _ => None,
    }
}

/// Draws it.
pub fn page(state: &State, id: &DatastoreId, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let page = &state.datastore;
    let Some(it) = state.fleet.datastores().get(id).filter(|_| page.of.as_ref() == Some(id)) else {
        let sentence = format!("[datastores.{id}] is not configured any more");
        draw_empty(buf, state.size.body(), &sentence, Role::Muted, theme);
        return None;
    };
    let areas = page.areas();
    let note = format!("{} on {}", it.what, it.server);
    let right = format!("repository {}", it.repository);
    if let Some(body) = head(buf, areas.summary, &it.kind.to_uppercase(), &note, &right, false, theme) {
        sheet::draw(buf, body, &stands(state, it, body), 0, theme);
    }
    list(state, it, areas.list, theme, buf);
    sheet::draw(buf, areas.detail, &detail(state, it, areas.detail), 0, theme);
    filter_line::draw(&page.filter, state, theme, buf)
}

/// Its health with the reason, what the last drill showed, and what goes on or what else is known.
fn stands(state: &State, it: &DatastoreSetup, area: Rect) -> Vec<Line> {
    let cells = area.width.saturating_sub(2);
    let datastores = state.fleet.datastores();
    let verdict = datastores.verdict(it, state.now);
    let role = Theme::health(verdict.health);
    let backed = datastores.backups(it).first().map(|last| {
        let age = Age(last.at.age(state.now));
        format!("last backup {age} old, of at most {} (rpo)", Age(it.rpo))
    });
    let reason = if verdict.reason.is_empty() { backed.clone().unwrap_or_default() } else { verdict.reason };
    let mut lines = vec![
        Line::at(2)
            .glyph(sign(verdict.health), role)
            .strong(format!(" {}  ", verdict.health.word()), role)
            .text(reason, Role::Text),
    ];
    let (_, failure) = datastores.read_at(it);
    let mut more: Vec<(String, Role)> = Vec::new();
    more.extend(state.app_notes(&AppId::from(it.id.as_str())).into_iter().map(|(note, health)| {
        let role = if health == Health::Up { Role::Accent } else { Theme::health(health) };
        (note, role)
    }));
    more.extend(failure.and_then(|failure| failure.hint.clone()).map(|hint| (hint, Role::Text)));
    more.extend(archive(state, it).into_iter().map(|(label, told)| (format!("{label} {told}"), Role::Muted)));
    more.push((format!("last drill {}", drill(state, it)), Role::Muted));
    more.extend(
        datastores.schedules(it).map(|it| (format!("scheduled {}", schedule(state, it)), Role::Muted)),
    );
    more.push((format!("repository {}", checked(state, it)), Role::Muted));
    let room = usize::from(area.height).saturating_sub(lines.len());
    if more.len() > room && room > 0 {
        let left = more.len() + 1 - room;
        more.truncate(room - 1);
        more.push((format!("and {left} lines more: {} shows all", state.key_of("inspect")), Role::Muted));
    }
    lines.extend(more.into_iter().take(room).map(|(text, role)| {
        let rest = cells.saturating_sub(2);
        Line::at(2).text(sheet::fitted(&text, rest).trim_end(), role)
    }));
    lines
}

/// The sign of a health.
const fn sign(health: Health) -> fn(&Glyphs) -> &'static str {
    match health {
        Health::Up => |it| it.up,
        Health::Degraded => |it| it.degraded,
        Health::Down => |it| it.down,
        Health::Unknown => |it| it.unknown,
    }
}

fn list(state: &State, it: &DatastoreSetup, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let page = &state.datastore;
    let datastores = state.fleet.datastores();
    let fresh = datastores.freshness(it, state.now);
    let (read_at, failure) = datastores.read_at(it);
    let all = if page.all >= TOLD { format!("the newest {TOLD}") } else { count(page.rows.len(), page.all) };
    let note = noted(if page.all == 0 { String::new() } else { all }, &page.list, area, 2, &page.rows);
    let order = page.order.order();
    let word = if order == Order::Usual { Order::Newest.word() } else { order.word() };
    let right = match (fresh, read_at) {
        (Freshness::Fresh, _) => word.to_owned(),
        (_, Some(at)) => format!("as read {} ago, {word}", Age(at.age(state.now))),
        (_, None) => "not read".to_owned(),
    };
    let Some(body) = head(buf, area, "BACKUPS", &note, &right, true, theme) else { return };
    if page.rows.is_empty() {
        let (sentence, role) = match (failure, fresh) {
            _ if page.all > 0 => ("no backup passes the filter".to_owned(), Role::Muted),
            (Some(failure), _) => {
                (format!("what there is is not known: {}", failure.reason()), Role::Unknown)
            }
            (None, Freshness::Never) => {
                (format!("the repository {} was not read yet", it.repository), Role::Unknown)
            }
            (None, _) => (format!("there is none: {} backs it up", state.key_of("backup")), Role::Degraded),
        };
        return draw_empty(buf, body, &sentence, role, theme);
    }
    let window = Window {
        rows: page.rows.len(),
        first: page.list.first,
        selected: page.list.index(),
        focused: true,
        headed: true,
        sorted: sorted(order),
    };
    let backups = datastores.backups(it);
    draw(buf, body, &COLUMNS, window, theme, |i| {
        let held = backups.iter().find(|backup| backup.id == page.rows[i].as_str());
        held.map_or_else(Row::default, |backup| row(state, backup, fresh, theme))
    });
}

fn row<'a>(state: &State, it: &Backup, fresh: Freshness, theme: &Theme) -> Row<'a> {
    let muted = |text: &str| Cell::new(text.to_owned(), theme.style(Role::Muted));
    let plain = |text: String| Cell::new(text, theme.style(cells::role(fresh, false)));
    let cells = vec![
        Cell::new(it.short().to_owned(), theme.style(Role::Accent)),
        plain(it.at.minute()),
        plain(Age(it.at.age(state.now)).to_string()),
        plain(it.bytes.to_string()),
        muted(&it.stored.to_string()),
        muted(it.release.as_deref().unwrap_or_default()),
        muted(&it.by),
        muted(it.reason.as_deref().unwrap_or_default()),
    ];
    Row { cells, marked: false }
}

/// More of the selected backup: what the row has no room for, and why it is kept.
fn detail(state: &State, it: &DatastoreSetup, area: Rect) -> Vec<Line> {
    let cells = area.width.saturating_sub(2);
    let backups = state.fleet.datastores().backups(it);
    let selected = state.datastore.list.selected.as_ref();
    let Some(backup) = backups.iter().find(|one| selected.is_some_and(|id| one.id == id.as_str())) else {
        return Vec::new();
    };
    let mut lines = vec![Line::heading(&format!("BACKUP {}", backup.short()), &backup.at.rfc3339())];
    lines.extend(
        told(it, backup, backups, state).into_iter().flat_map(|(text, role)| wrapped(&text, 2, role, cells)),
    );
    lines
}

/// What is known of a backup, a sentence each.
fn told(it: &DatastoreSetup, backup: &Backup, all: &[Backup], state: &State) -> Vec<(String, Role)> {
    let took = format!("{:.0} s", backup.took.as_secs_f64());
    let mut told = Vec::new();
    if let Some(reason) = &backup.reason {
        told.push((format!("why: {reason}"), Role::Text));
    }
    let release = backup.release.as_ref().map(|it| format!(", release {it}")).unwrap_or_default();
    let set = backup.set.as_ref().map(|it| format!(", of the set {it}")).unwrap_or_default();
    told.push((
        format!("{} read in {took}, {} stored, by {}{release}{set}", backup.bytes, backup.stored, backup.by),
        Role::Text,
    ));
    match it.keeping.map(|keeping| keeping.why(all, &backup.id, state.now)) {
        None => told.push(("what keeps it is not known here".to_owned(), Role::Unknown)),
        Some(why) if why.is_empty() => {
            let gone = "its retention does not keep it any longer: the next backup or prune takes it out";
            told.push((gone.to_owned(), Role::Degraded));
        }
        Some(why) => told.push((format!("kept: {}", why.join(", ")), Role::Muted)),
    }
    told.extend(backup.run.as_ref().map(|run| (format!("run {run}"), Role::Muted)));
    told
}
