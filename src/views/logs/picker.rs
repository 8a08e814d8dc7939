//! The choice of sources.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::state::State;
use crate::state::logs::picker::{Offer, Picker, kind, label, offers};
use crate::theme::{Role, Theme};
use crate::widgets::frame;
use crate::widgets::text::{Align, Place, put, put_aligned, width};

/// A row of the list: a server's name, or one of its sources.
enum Row<'a> {
    Server(&'a str),
    Source(&'a Offer),
}

/// Draws it, and says where the cursor stands.
pub fn draw(state: &State, picker: &Picker, theme: &Theme, buf: &mut Buffer) -> Position {
    let body = state.size.body();
    let columns = 84.min(body.width.saturating_sub(4));
    let area = frame::centered(body, columns, body.height.saturating_sub(2).min(40));
    let title = match picker.marked.len() {
        0 => "sources".to_owned(),
        n => format!("sources · {n} marked"),
    };
    let inside = frame::draw(buf, area, &title, Role::Accent, theme);
    let line = Place { x: inside.x, y: inside.y, width: inside.width };
    put(buf, line, "> ", theme.bold(Role::Accent), theme);
    let (head, tail) = picker.input.split();
    let typed = Place { x: line.x + 2, width: line.width.saturating_sub(2), ..line };
    put(buf, typed, &format!("{head}{tail}"), theme.style(Role::Text), theme);
    let offers = offers(state, picker.input.text());
    let current = picker.current(&offers);
    let rows = rows(&offers);
    let at =
        rows.iter().position(|row| matches!(row, Row::Source(offer) if Some(*offer) == current)).unwrap_or(0);
    let height = usize::from(inside.height.saturating_sub(1));
    // The selected row in the middle, as far as the ends allow.
    let first = at.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
    if rows.is_empty() {
        put(buf, Place { y: line.y + 1, ..line }, "no source matches", theme.style(Role::Muted), theme);
    }
    for (cells, row) in inside.rows().skip(1).zip(&rows[first..]) {
        let place = Place { x: cells.x, y: cells.y, width: cells.width };
        match row {
            Row::Server(name) => {
                put(buf, place, name, theme.bold(Role::Muted), theme);
            }
            Row::Source(offer) => {
                let note = kind(&offer.source.stream);
                let marked = picker.marked.contains(&offer.source);
                let text =
                    Place { x: place.x + 4, width: place.width.saturating_sub(5 + width(note)), ..place };
                let name = label(state, &offer.source).map_or_else(String::new, |label| format!("{label}  "));
                let used = width(&name).min(text.width);
                put(buf, text, &name, theme.style(Role::Text), theme);
                let rest = Place { x: text.x + used, width: text.width - used, ..text };
                put(buf, rest, offer.source.stream.label(), theme.style(Role::Text), theme);
                put_aligned(buf, place, note, theme.style(Role::Muted), Align::Right, theme);
                if Some(*offer) == current {
                    buf.set_style(cells, theme.selection(true));
                    buf.set_string(place.x, place.y, theme.glyphs.cursor, theme.style(Role::Accent));
                }
                if marked {
                    buf.set_string(place.x + 2, place.y, theme.glyphs.marked, theme.style(Role::Marked));
                }
            }
        }
    }
    Position { x: (typed.x + width(head)).min(inside.right().saturating_sub(1)), y: typed.y }
}

fn rows(offers: &[Offer]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (n, offer) in offers.iter().enumerate() {
        if n == 0 || offers[n - 1].source.server != offer.source.server {
            rows.push(Row::Server(offer.source.server.as_str()));
        }
        rows.push(Row::Source(offer));
    }
    rows
}
