//! One record, whole, above the lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::time;
use crate::domain::level::Level;
use crate::state::State;
use crate::state::logs::detail::{Detail, lines};
use crate::state::logs::render::breaks;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put};
use crate::widgets::{frame, scrollbar};

/// The most cells that names of fields take.
const NAMES: usize = 28;

/// The record as broken for this size.
struct Laid {
    area: Rect,
    rows: Vec<(String, String)>,
    names: usize,
    gutter: usize,
}

/// Whether it is longer than the screen.
pub fn scrolls(state: &State, detail: &Detail) -> bool {
    let laid = laid(state, detail);
    laid.rows.len() + HEAD > usize::from(laid.area.height)
}

/// The frame, and the rows above the record.
const HEAD: usize = 4;

fn laid(state: &State, detail: &Detail) -> Laid {
    let body = state.size.body();
    let columns = body.width.saturating_sub(4).min(120);
    let lines = lines(state, detail);
    let names = lines.iter().map(|line| line.name.width()).max().unwrap_or(0).min(NAMES);
    let gutter = if names == 0 { 0 } else { names + 2 };
    let cells = usize::from(columns.saturating_sub(4));
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in &lines {
        let indent = if line.name.is_empty() { 0 } else { gutter };
        let starts = breaks(&line.text, cells.saturating_sub(indent + 1));
        let ends = starts.iter().skip(1).copied().chain([line.text.len()]);
        for (n, (start, end)) in starts.iter().zip(ends).enumerate() {
            let name = match (n, line.name.is_empty()) {
                (_, true) => String::new(),
                (0, false) => line.name.clone(),
                (_, false) => " ".to_owned(),
            };
            rows.push((name, line.text[*start..end].to_owned()));
        }
    }
    let height = u16::try_from(rows.len() + HEAD + 1).unwrap_or(u16::MAX).min(body.height.saturating_sub(2));
    Laid { area: frame::centered(body, columns, height), rows, names, gutter }
}

/// Draws it.
pub fn draw(state: &State, detail: &Detail, theme: &Theme, buf: &mut Buffer) {
    let Laid { area, rows, names, gutter } = laid(state, detail);
    let record = state.logs.entry(detail.head.source, detail.head.seq);
    let source = state.logs.source(detail.head.source).map(ToString::to_string).unwrap_or_default();
    let mut inside = frame::draw(buf, area, &source, Role::Accent, theme);
    let place = Place { x: inside.x, y: inside.y, width: inside.width };
    let Some(record) = record else {
        put(buf, place, "This record is no longer held.", theme.style(Role::Muted), theme);
        return;
    };
    let level = record.line.level;
    let word = if level == Level::Unknown { "" } else { level.word() };
    let head = format!("{}  {word}", time::full(state, record.line.time));
    put(buf, place, &head, theme.style(crate::widgets::level::role(level)), theme);
    inside.y += 2;
    inside.height = inside.height.saturating_sub(2);
    let first = detail.first.min(rows.len().saturating_sub(usize::from(inside.height)));
    for (cells, (name, text)) in inside.rows().zip(&rows[first..]) {
        let indent = if name.is_empty() { 0 } else { u16::try_from(gutter).unwrap_or(0) };
        let at = Place { x: cells.x, y: cells.y, width: u16::try_from(names).unwrap_or(0) };
        put(buf, at, name, theme.style(Role::Muted), theme);
        let at = Place { x: cells.x + indent, y: cells.y, width: cells.width.saturating_sub(indent) };
        put(buf, at, text, theme.style(Role::Text), theme);
    }
    scrollbar::draw(buf, inside, first, usize::from(inside.height), rows.len(), theme);
}
