//! Where the shown rows stand among all.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::theme::{Role, Theme};

/// Draws a thumb over the last column of the area; nothing where all rows are shown.
pub fn draw(buf: &mut Buffer, area: Rect, first: usize, shown: usize, all: usize, theme: &Theme) {
    let height = usize::from(area.height);
    if all <= shown || height == 0 || area.width == 0 {
        return;
    }
    let length = (height * shown / all).max(1);
    let room = height - length;
    let start = (room * first).checked_div(all - shown).unwrap_or(0).min(room);
    let x = area.right() - 1;
    for row in 0..length {
        buf.set_string(x, area.y + (start + row) as u16, theme.glyphs.thumb, theme.style(Role::Faint));
    }
}
