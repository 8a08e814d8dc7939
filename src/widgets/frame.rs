//! The frame of what lies above a page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Place, put};
use crate::theme::{Role, Theme};

/// Clears an area, frames it, and gives back what is left inside.
pub fn draw(buf: &mut Buffer, area: Rect, title: &str, role: Role, theme: &Theme) -> Rect {
    for at in area.intersection(buf.area).positions() {
        // What was bold below would stay bold above.
        buf[at].reset();
    }
    for row in area.rows() {
        buf.set_string(row.x, row.y, " ".repeat(usize::from(row.width)), theme.surface());
        buf.set_style(row, theme.surface());
    }
    if area.width < 4 || area.height < 2 {
        return area;
    }
    let style = theme.style(role).bg(theme.color(Role::Surface));
    let [tl, tr, bl, br] = theme.glyphs.corners;
    let (left, right, top, bottom) = (area.x, area.right() - 1, area.y, area.bottom() - 1);
    for x in left + 1..right {
        buf.set_string(x, top, theme.glyphs.rule, style);
        buf.set_string(x, bottom, theme.glyphs.rule, style);
    }
    for y in top + 1..bottom {
        buf.set_string(left, y, theme.glyphs.bar, style);
        buf.set_string(right, y, theme.glyphs.bar, style);
    }
    for (x, y, corner) in [(left, top, tl), (right, top, tr), (left, bottom, bl), (right, bottom, br)] {
        buf.set_string(x, y, corner, style);
    }
    if !title.is_empty() && area.width > 8 {
        let place = Place { x: left + 2, y: top, width: area.width - 4 };
        let strong = theme.bold(role).bg(theme.color(Role::Surface));
        put(buf, place, &format!(" {title} "), strong, theme);
    }
    Rect { x: left + 2, y: top + 1, width: area.width - 4, height: area.height - 2 }
}

/// An area of this size in the middle of another, as far as it fits.
pub fn centered(within: Rect, columns: u16, rows: u16) -> Rect {
    let (width, height) = (columns.min(within.width), rows.min(within.height));
    Rect {
        x: within.x + (within.width - width) / 2,
        y: within.y + (within.height - height) / 2,
        width,
        height,
    }
}
