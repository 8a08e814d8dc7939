//! The choice of metrics and servers.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::state::State;
use crate::state::metrics::MOST_SERVERS;
use crate::state::metrics::picker::{Choice, Picker, offers};
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put, width};
use crate::widgets::{frame, scrollbar};

enum Row<'a> {
    Heading(&'static str),
    Choice(&'a Choice),
}

/// Draws it, and says where the cursor stands.
pub fn draw(state: &State, picker: &Picker, theme: &Theme, buf: &mut Buffer) -> Position {
    let body = state.size.body();
    let area =
        frame::centered(body, 72.min(body.width.saturating_sub(4)), body.height.saturating_sub(2).min(40));
    let servers = picker.marked.iter().filter(|choice| matches!(choice, Choice::Server(_))).count();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let title = format!(
        "{}, {} (at most {MOST_SERVERS})",
        count(picker.marked.len() - servers, "metric"),
        count(servers, "server")
    );
    let inside = frame::draw(buf, area, &title, Role::Accent, theme);
    let line = Place { x: inside.x, y: inside.y, width: inside.width };
    put(buf, line, "> ", theme.bold(Role::Accent), theme);
    let (head, tail) = picker.input.split();
    let typed = Place { x: line.x + 2, width: line.width.saturating_sub(2), ..line };
    put(buf, typed, &format!("{head}{tail}"), theme.style(Role::Text), theme);
    let offers = offers(state, picker);
    let current = picker.current(&offers);
    let rows = rows(&offers);
    let at = rows.iter().position(|row| matches!(row, Row::Choice(it) if Some(*it) == current)).unwrap_or(0);
    let height = usize::from(inside.height.saturating_sub(1));
    let first = at.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    if rows.is_empty() {
        put(buf, Place { y: line.y + 1, ..line }, "nothing matches", theme.style(Role::Muted), theme);
    }
    for (cells, row) in inside.rows().skip(1).zip(&rows[first..]) {
        let place = Place { x: cells.x, y: cells.y, width: cells.width };
        match row {
            Row::Heading(name) => {
                put(buf, place, name, theme.bold(Role::Muted), theme);
            }
            Row::Choice(choice) => {
                let text = Place { x: place.x + 4, width: place.width.saturating_sub(5), ..place };
                put(buf, text, &choice.name(), theme.style(Role::Text), theme);
                if Some(*choice) == current {
                    buf.set_style(cells, theme.selection(true));
                    buf.set_string(place.x, place.y, theme.glyphs.cursor, theme.style(Role::Accent));
                }
                if picker.marked.contains(choice) {
                    buf.set_string(place.x + 2, place.y, theme.glyphs.marked, theme.style(Role::Marked));
                }
            }
        }
    }
    let mut list = inside;
    list.y += 1;
    list.height = list.height.saturating_sub(1);
    scrollbar::draw(buf, list, first, height, rows.len(), theme);
    Position { x: (typed.x + width(head)).min(inside.right().saturating_sub(1)), y: typed.y }
}

fn rows(offers: &[Choice]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let heading = |choice: &Choice| match choice {
        Choice::Metric(_) => "METRICS",
        Choice::Server(_) => "SERVERS",
    };
    for (n, choice) in offers.iter().enumerate() {
        if n == 0 || heading(&offers[n - 1]) != heading(choice) {
            rows.push(Row::Heading(heading(choice)));
        }
        rows.push(Row::Choice(choice));
    }
    rows
}
