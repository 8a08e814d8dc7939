//! The logs beside a run's steps: the newest lines, as many as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::logs::time::clock;
use crate::domain::log_source::LogSource;
use crate::domain::time::Age;
use crate::state::State;
use crate::state::logs::render::render;
use crate::state::logs::shown::Stream;
use crate::state::run::log::Followed;
use crate::store::logs::{Cursor, Entry, Flags};
use crate::theme::{Role, Theme};
use crate::widgets::sheet::{self, Line, fitted};
use crate::widgets::text::width;
use crate::widgets::wrap::wrap;

/// Cells of a time.
const TIME: u16 = 8;
/// The most rows of one line where there is room for some.
const ROWS: usize = 3;

/// Draws them; `below` where the steps are above, and not to the left.
pub fn draw(state: &State, followed: &[Followed], below: bool, theme: &Theme, buf: &mut Buffer, area: Rect) {
    let area = if below {
        area
    } else {
        for y in area.top()..area.bottom() {
            buf.set_string(area.x, y, theme.glyphs.bar, theme.style(Role::Faint));
        }
        Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }
    };
    let key = state.key_of("logs");
    let title = match followed {
        [one] => format!("LOG of {}", one.source),
        _ => "LOGS".to_owned(),
    };
    let mut lines = vec![Line::heading(&title, &format!("{key}: all of it"))];
    let room = usize::from(area.height).saturating_sub(1);
    let mut rows = newest(state, followed, area.width, room);
    let troubles = followed.iter().filter_map(|it| trouble(state, it, rows.is_empty()));
    let troubles: Vec<Line> = troubles
        .map(|(said, role)| Line::at(1).text(fitted(&said, area.width.saturating_sub(2)), role))
        .collect();
    let kept = room.saturating_sub(troubles.len());
    rows.drain(..rows.len().saturating_sub(kept));
    lines.extend(rows);
    lines.extend(troubles);
    sheet::draw(buf, area, &lines, 0, theme);
}

/// Why nothing comes of one.
fn trouble(state: &State, it: &Followed, empty: bool) -> Option<(String, Role)> {
    match &it.stream {
        Stream::Opening { since } if empty => {
            Some((format!("{}: opening for {}", it.source, Age(since.age(state.now))), Role::Muted))
        }
        Stream::Following if empty => Some((format!("{}: no line yet", it.source), Role::Muted)),
        Stream::Failed { failure, .. } => {
            Some((format!("{}: {}", it.source, failure.reason()), Role::Degraded))
        }
        Stream::Opening { .. } | Stream::Following => None,
    }
}

/// The newest lines of all in their order, over at most so many rows.
fn newest(state: &State, followed: &[Followed], cells: u16, room: usize) -> Vec<Line> {
    let ids: Vec<_> = followed.iter().map(|it| it.id).collect();
    let names = labels(followed);
    let each = if room < 10 { 1 } else { ROWS };
    let mut rows: Vec<Line> = Vec::new();
    for entry in state.logs.merged(&ids, None).backward(Cursor::END).take(room) {
        let name = followed.iter().position(|it| it.id == entry.cursor.source).and_then(|at| names.get(at));
        let mut line = rows_of(state, &entry, name.map_or("", String::as_str), cells, each);
        line.reverse();
        rows.extend(line);
        if rows.len() >= room {
            break;
        }
    }
    rows.truncate(room);
    rows.reverse();
    rows
}

/// What tells them apart: the server, the container, or both.
fn labels(followed: &[Followed]) -> Vec<String> {
    let of = |source: &LogSource| {
        let alone = followed.iter().filter(|it| it.source.server == source.server).count() == 1;
        let one_server = followed.iter().all(|it| it.source.server == source.server);
        match (followed.len(), one_server, alone) {
            (1, ..) => String::new(),
            (_, true, _) => source.stream.label().to_owned(),
            (_, _, true) => source.server.to_string(),
            _ => source.to_string(),
        }
    };
    let names: Vec<String> = followed.iter().map(|it| of(&it.source)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0).min(16);
    names.iter().map(|name| if widest == 0 { String::new() } else { fitted(name, widest) }).collect()
}

fn rows_of(state: &State, entry: &Entry<'_>, name: &str, cells: u16, most: usize) -> Vec<Line> {
    let time = clock(state, entry.line.time, TIME);
    let head = Line::at(1).text(time, Role::Muted).text(" ", Role::Text);
    let head = if name.is_empty() { head } else { head.text(format!("{name} "), Role::Muted) };
    let indent = head.cells();
    let room = cells.saturating_sub(indent + 1).max(1);
    if entry.line.flags.has(Flags::GAP) {
        return vec![head.text(fitted("lines are missing here", room), Role::Degraded)];
    }
    let role = Theme::level(entry.line.level);
    let text = render(entry.line.text, false).text;
    let parts = if most == 1 { vec![text.into_owned()] } else { wrap(&text, usize::from(room)) };
    let mut rows: Vec<Line> = Vec::new();
    let mut head = Some(head);
    let cut = parts.len() > most;
    for (at, part) in parts.into_iter().take(most).enumerate() {
        let part = if cut && at + 1 == most { format!("{}…", part.trim_end()) } else { part };
        let before = head.take().unwrap_or_else(|| Line::at(indent));
        rows.push(before.text(fitted(part.trim_end(), room), role));
    }
    if let Some(head) = head {
        rows.push(head);
    }
    rows
}
