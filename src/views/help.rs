//! The keys that count on this page, from the actions themselves, and what the signs mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::legend;
use crate::actions;
use crate::keys::keymap::Scope;
use crate::state::State;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put, width};
use crate::widgets::wrap::wrap;
use crate::widgets::{frame, scrollbar};

/// The most cells for the keys.
const KEYS: u16 = 18;

/// All of it, as broken for this size.
struct Laid {
    area: Rect,
    lines: Vec<(String, String)>,
    keys_wide: u16,
    cells: u16,
}

/// Whether it is longer than the screen.
pub fn scrolls(state: &State, theme: &Theme) -> bool {
    let laid = laid(state, theme);
    laid.lines.len() + 2 > usize::from(laid.area.height)
}

fn laid(state: &State, theme: &Theme) -> Laid {
    let page = state.scope();
    let mut lines: Vec<(String, String)> = Vec::new();
    for scope in [page, Scope::Everywhere] {
        let actions: Vec<_> = actions::all().filter(|action| action.scope == scope).collect();
        if actions.is_empty() {
            continue;
        }
        if !lines.is_empty() {
            lines.push((String::new(), String::new()));
        }
        lines.push((scope.word().to_uppercase(), String::new()));
        for action in actions {
            let chords: Vec<String> = state.keymap.chords_on(page, action.id).map(|c| c.label()).collect();
            // All of them mean something else here.
            if chords.is_empty() && state.keymap.chords(action.id).next().is_some() {
                continue;
            }
            // What has no key of its own is in the palette.
            let by_name = || state.keymap.chords_on(page, "palette").next().map(|it| it.label());
            let keys = match by_name() {
                Some(palette) if chords.is_empty() => format!("{palette} {}", action.title),
                _ => chords.join(" "),
            };
            lines.push((keys, action.help.to_owned()));
        }
    }
    lines.push((String::new(), String::new()));
    lines.push(("SIGNS AND HEADINGS".to_owned(), String::new()));
    lines.extend(legend::rows(theme.glyphs));
    let body = state.size.body();
    let wide = 88.min(body.width.saturating_sub(4));
    let keys_wide = lines.iter().filter(|(_, help)| !help.is_empty()).map(|(keys, _)| width(keys) + 2);
    let keys_wide = keys_wide.max().unwrap_or(0).min(KEYS);
    // The frame, its margins and the scroll bar.
    let cells = wide.saturating_sub(keys_wide + 5);
    let lines: Vec<(String, String)> = lines.into_iter().flat_map(|line| broken(line, cells)).collect();
    let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    Laid { area: frame::centered(body, wide, rows), lines, keys_wide, cells }
}

/// Draws the page's keys, then those that count everywhere, from the row `first` on.
pub fn draw(state: &State, first: usize, theme: &Theme, buf: &mut Buffer) {
    let Laid { area, lines, keys_wide, cells } = laid(state, theme);
    let inside = frame::draw(buf, area, "help", Role::Accent, theme);
    let first = first.min(lines.len().saturating_sub(usize::from(inside.height)));
    for (row, (keys, help)) in inside.rows().zip(&lines[first..]) {
        if help.is_empty() {
            put(buf, Place { x: row.x, y: row.y, width: row.width }, keys, theme.bold(Role::Muted), theme);
            continue;
        }
        put(
            buf,
            Place { x: row.x, y: row.y, width: keys_wide.saturating_sub(1) },
            keys,
            theme.style(Role::Key),
            theme,
        );
        let place = Place { x: row.x + keys_wide, y: row.y, width: cells };
        put(buf, place, help, theme.style(Role::Text), theme);
    }
    scrollbar::draw(buf, inside, first, usize::from(inside.height), lines.len(), theme);
}

/// A line whose help is broken into as many rows as it needs.
fn broken((keys, help): (String, String), cells: u16) -> Vec<(String, String)> {
    let mut keys = Some(keys);
    let rows = wrap(&help, usize::from(cells.max(1))).into_iter();
    rows.map(|row| (keys.take().unwrap_or_default(), row.trim_end().to_owned())).collect()
}
