//! The files of a backup, a folder at a time, and those that were found in all backups of a datastore.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::overview::{count, head, noted};
use super::{cells, filter_line};
use crate::domain::file_list::{FileKind, FoundFile};
use crate::domain::ids::{BackupId, DatastoreId};
use crate::domain::time::{Age, Timestamp};
use crate::state::State;
use crate::state::files::{FileRow, HEADS, Stand};
use crate::state::order::Order;
use crate::state::plan::lines::failed;
use crate::theme::{Role, Theme};
use crate::widgets::sheet;
use crate::widgets::table::{Cell, Column, Row, Window, draw, draw_empty};
use crate::widgets::text::Align;

/// The columns of a folder.
const FILES: [Column; 4] = [
    Column::flexible("name", 20, 120, 0).with_its_end(),
    Column::fixed("size", 5, Align::Right, 0),
    Column::fixed("written (utc)", 16, Align::Left, 1),
    Column::flexible("", 10, 40, 2),
];

/// The columns of what was found.
const FOUND: [Column; 5] = [
    Column::fixed("backup", 8, Align::Left, 0),
    Column::fixed("taken (utc)", 16, Align::Left, 0),
    Column::flexible("path", 20, 140, 0).with_its_end(),
    Column::fixed("size", 5, Align::Right, 0),
    Column::fixed("written (utc)", 16, Align::Left, 1),
];

/// Draws a folder.
pub fn page(
    state: &State,
    datastore: &DatastoreId,
    backup: &BackupId,
    theme: &Theme,
    buf: &mut Buffer,
) -> Option<Position> {
    let (page, body) = (&state.files, state.size.body());
    match &page.stand {
        Stand::Failed(failure) => {
            sheet::draw(buf, body, &failed(None, failure, body.width), 0, theme);
            return None;
        }
        Stand::Nothing | Stand::Reading(_) => {
            let since = match &page.stand {
                Stand::Reading(since) => format!(", for {}", Age(since.age(state.now))),
                _ => String::new(),
            };
            let sentence = format!("backup {} of {datastore} is read{since}; Esc leaves", backup.short());
            draw_empty(buf, body, &sentence, Role::Muted, theme);
            return None;
        }
        Stand::Read(_) => {}
    }
    let title = if page.folder.is_empty() { "FILES".to_owned() } else { format!("/{}", page.folder) };
    let left_out = match page.left_out() {
        0 => String::new(),
        n => format!("; {n} more have no room here, a folder is read anew"),
    };
    let note = noted(page.rows.len().to_string(), &page.list, body, HEADS, page.keys()) + &left_out;
    if let Some(table) = head(buf, body, &title, &note, page.order.order().word(), true, theme) {
        if page.rows.is_empty() {
            let sentence =
                if page.filter.is_empty() { "there is no file" } else { "no file passes the filter" };
            draw_empty(buf, table, sentence, Role::Muted, theme);
        } else {
            let sorted = match page.order.order() {
                Order::Size => Some((1, true)),
                Order::Newest => Some((2, true)),
                _ => None,
            };
            let window = window(page.rows.len(), page.list.first, page.list.index(), sorted);
            draw(buf, table, &FILES, window, theme, |i| row(&page.rows[i], theme));
        }
    }
    filter_line::draw(&page.filter, state, theme, buf)
}

const fn window(rows: usize, first: usize, selected: Option<usize>, sorted: Option<(usize, bool)>) -> Window {
    Window { rows, first, selected, focused: true, headed: true, sorted }
}

fn written<'a>(at: Option<Timestamp>, theme: &Theme) -> Cell<'a> {
    match at {
        Some(at) => Cell::new(at.minute(), theme.style(Role::Muted)),
        None => Cell::new(cells::NOTHING, theme.style(Role::Faint)),
    }
}

fn row<'a>(it: &FileRow, theme: &Theme) -> Row<'a> {
    let (name, role, more) = match &it.kind {
        FileKind::Folder if it.files > 0 => {
            (format!("{}/", it.name), Role::Accent, format!("{} files", it.files))
        }
        FileKind::Folder => (format!("{}/", it.name), Role::Accent, String::new()),
        FileKind::Link(to) => (it.name.clone(), Role::Text, format!("-> {to}")),
        FileKind::Other => (it.name.clone(), Role::Text, "device, pipe or socket".to_owned()),
        FileKind::File => (it.name.clone(), Role::Text, String::new()),
    };
    let cells = vec![
        Cell::new(name, theme.style(role)),
        Cell::new(it.bytes.to_string(), theme.style(Role::Text)),
        written(it.at, theme),
        Cell::new(more, theme.style(Role::Muted)),
    ];
    Row { cells, marked: false }
}

/// Draws what was found.
pub fn found(state: &State, datastore: &DatastoreId, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let (page, body) = (&state.found, state.size.body());
    let found = &page.found;
    let title = format!("FOUND {:?} IN {datastore}", page.typed);
    let held = count(page.rows.len(), found.files.len());
    let more =
        if found.left_out > 0 { format!("; {} more have no room", found.left_out) } else { String::new() };
    let note = noted(held, &page.list, body, HEADS, &page.rows) + &more;
    let through = format!("{} of {} backups", found.looked, found.of);
    let right = match (&page.failure, page.since) {
        (Some(_), _) => "ended before it was through".to_owned(),
        (None, Some(since)) => format!("{through}, for {}", Age(since.age(state.now))),
        (None, None) if page.given_up => format!("{through}, then given up"),
        (None, None) => through,
    };
    let area = head(buf, body, &title, &note, &right, true, theme)?;
    let mut unread: Vec<_> = page.failure.iter().flat_map(|it| failed(None, it, body.width)).collect();
    unread.extend(found.unread.iter().flat_map(|(id, why)| {
        let text = format!("backup {} could not be read: {why}", id.short());
        sheet::wrapped(&text, 2, Role::Unknown, body.width.saturating_sub(2))
    }));
    let rows = u16::try_from(unread.len()).unwrap_or(u16::MAX).min(area.height / 2);
    let table = Rect { height: area.height - rows, ..area };
    sheet::draw(buf, Rect { y: table.bottom(), height: rows, ..area }, &unread, 0, theme);
    if page.rows.is_empty() {
        let sentence = match (page.since, &page.failure) {
            _ if !found.files.is_empty() => "no file passes the filter",
            (Some(_), _) => "nothing is found yet",
            (None, None) if found.unread.is_empty() && !page.given_up => "no backup has such a file",
            _ => "nothing was found in what could be read",
        };
        draw_empty(buf, table, sentence, Role::Muted, theme);
    } else {
        let sorted = match page.order.order() {
            Order::Name => Some((2, false)),
            Order::Size => Some((3, true)),
            Order::Newest => Some((4, true)),
            _ => Some((1, true)),
        };
        let window = window(page.rows.len(), page.list.first, page.list.index(), sorted);
        draw(buf, table, &FOUND, window, theme, |i| {
            page.get(&page.rows[i]).map_or_else(Row::default, |it| found_row(it, theme))
        });
    }
    filter_line::draw(&page.filter, state, theme, buf)
}

fn found_row<'a>(it: &FoundFile, theme: &Theme) -> Row<'a> {
    let cells = vec![
        Cell::new(it.backup.short().to_owned(), theme.style(Role::Accent)),
        Cell::new(it.taken.minute(), theme.style(Role::Text)),
        Cell::new(it.file.path.clone(), theme.style(Role::Text)),
        Cell::new(it.file.bytes.to_string(), theme.style(Role::Text)),
        written(it.file.at, theme),
    ];
    Row { cells, marked: false }
}
