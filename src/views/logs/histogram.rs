//! How many lines and errors came when, over all lines that pass; where the screen stands in them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::time;
use crate::domain::time::Timestamp;
use crate::state::State;
use crate::state::logs::view::Row;
use crate::theme::{Role, Theme};
use crate::widgets::histogram::{self, bars_area};
use crate::widgets::text::{Place, put, width};

/// Cells from one time on the axis to the next.
const TICK: u16 = 20;

/// Draws it: bars in two rows, and their times in a third where there is one.
pub fn draw(state: &State, rows: &[Row<'_>], theme: &Theme, buf: &mut Buffer, area: Rect) {
    let bars = &state.logs_page.bars;
    if area.height == 0 {
        return;
    }
    let seen = rows.first().zip(rows.last()).filter(|_| !bars.bars.is_empty());
    let seen =
        seen.map(|(first, last)| (bars.bar_of(first.entry.cursor.at), bars.bar_of(last.entry.cursor.at)));
    histogram::draw(buf, area, &bars.bars, seen, theme);
    if area.height < 3 || bars.bars.is_empty() {
        return;
    }
    let inside = bars_area(area);
    let y = area.y + 2;
    let faint = theme.style(Role::Faint);
    for x in inside.x..inside.right() {
        buf.set_string(x, y, theme.glyphs.rule, faint);
    }
    let mut x = inside.x;
    while x < inside.right() {
        let at = bars.start_of(usize::from(x - inside.x));
        let text = format!("{} ", label(state, at));
        if x + width(&text) > inside.right() {
            break;
        }
        put(buf, Place { x, y, width: width(&text) }, &text, theme.style(Role::Muted), theme);
        x += TICK;
    }
}

/// The time of day; the day too where the bars go over more than one.
fn label(state: &State, at: Timestamp) -> String {
    let bars = &state.logs_page.bars;
    if bars.to.since(bars.from).as_secs() > 20 * 3600 {
        time::minute(state, at)
    } else {
        time::clock(state, at, 8)
    }
}
