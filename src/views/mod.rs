//! How the state looks: one file a page, one for what lies above. Drawing only: nothing here
//! changes, reads or decides anything.

pub mod chrome;
pub mod help;
pub mod overlays;
pub mod palette;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::state::State;
use crate::state::layout::SMALLEST;
use crate::state::page::Page;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Place, put};

/// Draws the whole screen; gives back where the cursor stands where something is typed.
pub fn draw(state: &State, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    buf.set_style(buf.area, theme.ground());
    if !state.size.fits() {
        too_small(state, theme, buf);
        return None;
    }
    chrome::header(state, theme, buf);
    let cursor = page(state, theme, buf, state.size.body());
    chrome::footer(state, theme, buf);
    overlays::draw(state, theme, buf).unwrap_or(cursor)
}

fn page(state: &State, _theme: &Theme, _buf: &mut Buffer, _body: Rect) -> Option<Position> {
    match state.nav.page() {
        Page::Overview | Page::Server(_) | Page::App(_) | Page::Logs | Page::Metrics => None,
    }
}

fn too_small(state: &State, theme: &Theme, buf: &mut Buffer) {
    let area = state.size.whole();
    let lines = [
        format!("midwatch needs {}x{}", SMALLEST.columns, SMALLEST.rows),
        format!("this is {}x{}", area.width, area.height),
        "q quits".to_owned(),
    ];
    for (y, line) in (0..area.height).zip(&lines) {
        put(buf, Place { x: 0, y, width: area.width }, line, theme.style(Role::Text), theme);
    }
}
