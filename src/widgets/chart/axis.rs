//! The time axis under charts: round times, and what happened.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::event_mark::MarkKind;
use crate::domain::time::Timestamp;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put};

/// The distances between written times, in seconds.
const STEPS: [i64; 16] =
    [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400];
/// Cells from one written time to the next, at least.
const APART: i64 = 12;

/// What the axis spans.
#[derive(Clone, Debug)]
pub struct TimeAxis<'a> {
    /// The time at its left end.
    pub from: Timestamp,
    /// The time at its right end.
    pub to: Timestamp,
    /// The zone of the written times.
    pub zone: &'a TimeZone,
    /// What happened, by the cell.
    pub events: &'a [(u16, MarkKind)],
    /// The cell of the cursor.
    pub cursor: Option<u16>,
}

/// Draws the axis in the first row of an area, with what happened on it, and times in the second.
pub fn draw(buf: &mut Buffer, area: Rect, axis: &TimeAxis<'_>, theme: &Theme) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    if area.x > 0 {
        buf.set_string(area.x - 1, area.y, theme.glyphs.corner, theme.style(Role::Faint));
    }
    for x in area.x..area.right() {
        buf.set_string(x, area.y, theme.glyphs.rule, theme.style(Role::Faint));
    }
    let span = axis.to.as_millis().saturating_sub(axis.from.as_millis()).max(1);
    let step = step(span / 1000, i64::from(area.width));
    let format = if step < 60 { "%H:%M:%S" } else { "%H:%M" };
    let mut at = first(axis, step);
    let mut free = area.x;
    while at < axis.to.as_millis() {
        let x = area.x + ((at - axis.from.as_millis()) * i64::from(area.width) / span) as u16;
        let text = text(at, axis.zone, format);
        // A time stands under its tick, in the middle; not over the one before, not cut at the edge.
        let start = x.saturating_sub(text.len() as u16 / 2).max(area.x);
        if start >= free && start + text.len() as u16 <= area.right() {
            buf.set_string(x, area.y, theme.glyphs.tick, theme.style(Role::Faint));
            if area.height > 1 {
                let place = Place { x: start, y: area.y + 1, width: text.len() as u16 };
                put(buf, place, &text, theme.style(Role::Muted), theme);
            }
            free = start + text.len() as u16 + 1;
        }
        at = at.saturating_add(step * 1000);
    }
    for (x, kind) in axis.events.iter().filter(|(x, _)| *x < area.width) {
        let role = match kind {
            MarkKind::Deploy => Role::Accent,
            MarkKind::Restart | MarkKind::Boot | MarkKind::Link => Role::Degraded,
            MarkKind::OutOfMemory => Role::Down,
        };
        buf.set_string(area.x + x, area.y, theme.glyphs.event(*kind), theme.bold(role));
    }
    if let Some(x) = axis.cursor.filter(|x| *x < area.width) {
        buf[(area.x + x, area.y)].set_style(theme.selection(true));
    }
}

fn step(seconds: i64, width: i64) -> i64 {
    let most = (width / APART).max(1);
    STEPS.into_iter().find(|step| seconds / step <= most).unwrap_or(86_400)
}

/// The first round time within; round in the zone that is written.
fn first(axis: &TimeAxis<'_>, step: i64) -> i64 {
    let from = axis.from.as_millis();
    let offset =
        jiff::Timestamp::from_millisecond(from).map_or(0, |at| i64::from(axis.zone.to_offset(at).seconds()));
    let local = from.div_euclid(1000) + offset;
    let next = (local.div_euclid(step) + 1) * step;
    (next - offset).saturating_mul(1000)
}

/// An instant in words.
pub fn text(millis: i64, zone: &TimeZone, format: &str) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| "-".to_owned(), |at| at.to_zoned(zone.clone()).strftime(format).to_string())
}
