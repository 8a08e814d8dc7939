//! The releases of an app as rows, and more of the selected one below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use super::overview::head;
use crate::domain::ids::AppId;
use crate::domain::release::{ReleaseNumber, ReleaseOutcome};
use crate::domain::time::Age;
use crate::state::State;
use crate::state::plan::lines::failed;
use crate::state::releases::{DETAIL, Entry, HEADS};
use crate::theme::{Role, Theme};
use crate::widgets::sheet::{self, Line, wrapped};
use crate::widgets::table::{Cell, Column, Row, Window, draw, draw_empty};
use crate::widgets::text::Align;

/// The columns.
const COLUMNS: [Column; 7] = [
    Column::fixed("no", 4, Align::Right, 0),
    Column::fixed("", 10, Align::Left, 0),
    Column::flexible("fared", 11, 26, 0),
    Column::flexible("images", 16, 32, 0),
    Column::fixed("age", 4, Align::Right, 0),
    Column::flexible("by", 8, 24, 1),
    Column::flexible("why", 8, 60, 2),
];

/// Draws it.
pub fn page(state: &State, app: &AppId, theme: &Theme, buf: &mut Buffer) {
    let body = state.size.body();
    let page = &state.releases;
    if page.app.as_ref() != Some(app) || (page.ledgers.is_none() && page.failure.is_none()) {
        return draw_empty(buf, body, &format!("the servers of {app} are asked"), Role::Muted, theme);
    }
    if let Some(failure) = &page.failure {
        return sheet::draw(buf, body, &failed(None, failure, body.width), 0, theme);
    }
    let note = page.rows.len().to_string();
    let right = if page.waits() { "read again" } else { "Enter plans a rollback to the selected one" };
    let Some(_) = head(buf, Rect { height: HEADS, ..body }, "RELEASES", &note, right, true, theme) else {
        return;
    };
    let detail = DETAIL.min(body.height.saturating_sub(HEADS));
    let rows = u16::try_from(page.rows.len().max(1) + 2).unwrap_or(u16::MAX);
    let room = body.height.saturating_sub(detail + 1);
    let table = Rect { y: body.y + 1, height: room.min(rows), ..body };
    if page.rows.is_empty() {
        let sentence = "there are none yet: the first deploy records what runs as release 1";
        draw_empty(buf, table, sentence, Role::Muted, theme);
    } else {
        let window = Window {
            rows: page.rows.len(),
            first: page.list.first,
            selected: page.list.index(),
            focused: true,
            headed: true,
            sorted: None,
        };
        draw(buf, table, &COLUMNS, window, theme, |i| row(state, page.rows[i], theme));
    }
    let below = Rect { y: table.bottom(), height: detail, ..body };
    sheet::draw(buf, below, &lines(state, body.width.saturating_sub(2)), 0, theme);
}

fn row<'a>(state: &State, number: ReleaseNumber, theme: &Theme) -> Row<'a> {
    let Some(it) = state.releases.entry(number) else { return Row::default() };
    let text = |text: String, role| Cell::new(text, theme.style(role));
    let (place, role) = match it {
        Entry { current: true, .. } => (format!("{} in place", theme.glyphs.up), Role::Up),
        _ => (String::new(), Role::Muted),
    };
    let adopted = if it.release.adopted { " (ran before)" } else { "" };
    let cells = vec![
        text(number.to_string(), if it.eligible { Role::Accent } else { Role::Muted }),
        text(place, role),
        text(state.releases.outcome(number), fared(it.release.outcome)),
        text(images(&it) + adopted, Role::Text),
        cells::age(it.release.at, state.now, theme),
        text(it.release.by.to_string(), Role::Muted),
        text(it.release.reason.clone().unwrap_or_default(), Role::Muted),
    ];
    Row { cells, marked: false }
}

/// Its images without the registry, which is the same in most rows.
fn images(it: &Entry<'_>) -> String {
    let title = it.release.title();
    title.split(", ").map(cells::image).collect::<Vec<_>>().join(", ")
}

const fn fared(outcome: ReleaseOutcome) -> Role {
    match outcome {
        ReleaseOutcome::Good => Role::Up,
        ReleaseOutcome::RolledBack => Role::Degraded,
        ReleaseOutcome::Failed => Role::Down,
        ReleaseOutcome::Pending | ReleaseOutcome::Unapplied => Role::Muted,
    }
}

/// What the row has no room for.
fn lines(state: &State, cells: u16) -> Vec<Line> {
    let page = &state.releases;
    let selected = page.list.selected.and_then(|number| Some((number, page.entry(number)?)));
    let mut lines = Vec::new();
    for (server, failure) in page.lost() {
        lines.extend(wrapped(&format!("{server}: {failure}"), 2, Role::Down, cells));
    }
    let Some((number, it)) = selected else { return lines };
    let note = format!("{} ago, run {}", Age(it.release.at.age(state.now)), it.release.run);
    lines.push(Line::heading(&format!("RELEASE {number}"), &note));
    if let Some(because) = &it.release.because {
        let first: String = because.lines().next().unwrap_or_default().to_owned();
        lines.push(Line::at(2).text(first, Role::Degraded));
    }
    if let Some(reason) = &it.release.reason {
        lines.push(Line::at(2).text(format!("why: {reason}"), Role::Text));
    }
    let differs = page.differences(number);
    for (service, now, then) in &differs {
        let line = Line::at(2).text(format!("{service}.image  "), Role::Accent);
        lines.push(line.text(now.clone(), Role::Down).text(" → ", Role::Muted).text(then.clone(), Role::Up));
    }
    let more = match (it.current, differs.is_empty()) {
        (true, _) => "this is what is in place",
        (false, true) => "the same images as now; the plan shows what else differs",
        (false, false) => "the plan shows what else differs: Compose file, environment",
    };
    lines.push(Line::at(2).text(more, Role::Muted));
    lines
}
