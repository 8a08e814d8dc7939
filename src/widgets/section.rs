//! The heading of a pane: its title, how much is in it, and a rule to the edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Place, put, put_pieces, width};
use crate::theme::{Role, Theme};

/// A heading.
#[derive(Clone, Debug, Default)]
pub struct Section<'a> {
    /// The pane's name.
    pub title: &'a str,
    /// What stands beside it (`3`, `2 of 40`), or nothing.
    pub note: &'a str,
    /// What stands at the right edge (`sorted by cpu`), or nothing.
    pub right: &'a str,
    /// Whether keys go to this pane.
    pub focused: bool,
}

impl Section<'_> {
    /// Draws it over the first row of the area.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        if area.height == 0 || area.width < 4 {
            return;
        }
        let title = if self.focused { theme.bold(Role::Accent) } else { theme.bold(Role::Muted) };
        let place = Place { x: area.x + 1, y: area.y, width: area.width - 2 };
        let between = if self.note.is_empty() { "" } else { " " };
        let note = theme.style(Role::Muted);
        let pieces = [(self.title.into(), title), (between.into(), title), (self.note.into(), note)];
        let used = put_pieces(buf, place, &pieces, theme) + 1;
        let right = if self.right.is_empty() { 0 } else { width(self.right) + 2 };
        let rule = place.width.saturating_sub(used + right);
        for x in 0..rule {
            buf.set_string(place.x + used + x, area.y, theme.glyphs.rule, theme.style(Role::Faint));
        }
        if right > 0 && used + right <= place.width {
            let at = Place { x: place.x + place.width - right + 1, y: area.y, width: right - 1 };
            put(buf, at, self.right, theme.style(Role::Muted), theme);
        }
    }
}
