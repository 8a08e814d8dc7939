//! A horizontal bar that shows a share of a whole.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::text::Place;
use crate::domain::quantity::Percent;
use crate::theme::{Role, Theme};

/// Draws a share; what is not known is drawn as an empty bar, and the number beside it says so.
pub fn draw(buf: &mut Buffer, place: Place, share: Option<Percent>, style: Style, theme: &Theme) {
    let share = share.map_or(0.0, |percent| f64::from(percent.0).clamp(0.0, 100.0));
    let full = (share / 100.0 * f64::from(place.width)).round() as u16;
    // A trace of use is one cell: an empty bar means that there is nothing.
    let full = if share > 0.0 { full.max(1) } else { full };
    for x in 0..place.width {
        let (glyph, style) = if x < full {
            (theme.glyphs.full, style)
        } else {
            (theme.glyphs.empty, theme.style(Role::Faint))
        };
        buf.set_string(place.x + x, place.y, glyph, style);
    }
}
