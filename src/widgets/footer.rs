//! The keys that count now, in one row; what does not fit is left out from the end, with a mark.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Place, put, width};
use crate::theme::{Role, Theme};

/// A key and its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The chord, as shown.
    pub key: String,
    /// What it does, in one or two words.
    pub word: &'static str,
    /// Whether it can be done now.
    pub enabled: bool,
}

impl Hint {
    /// One that can be done now.
    pub fn new(key: impl Into<String>, word: &'static str) -> Self {
        Self { key: key.into(), word, enabled: true }
    }
}

/// The same within a frame, where there is more room between them.
pub fn line(hints: &[Hint]) -> String {
    hints.iter().map(|hint| format!("{}  {}", hint.key, hint.word)).collect::<Vec<_>>().join("   ")
}

/// Draws the hints, most important first.
pub fn draw(buf: &mut Buffer, area: Rect, hints: &[Hint], theme: &Theme) {
    let mut x = area.x + 1;
    let end = area.right().saturating_sub(1);
    for (n, hint) in hints.iter().enumerate() {
        let needed = width(&hint.key) + 1 + width(hint.word);
        let last = n + 1 == hints.len();
        if x + needed + if last { 0 } else { 2 } > end {
            let place = Place { x, y: area.y, width: end.saturating_sub(x) };
            put(buf, place, theme.glyphs.ellipsis, theme.style(Role::Muted), theme);
            return;
        }
        let (key, word) = if hint.enabled {
            (theme.bold(Role::Key), theme.style(Role::Muted))
        } else {
            (theme.style(Role::Faint), theme.style(Role::Faint))
        };
        let at = |x| Place { x, y: area.y, width: end - x };
        x += put(buf, at(x), &hint.key, key, theme) + 1;
        x += put(buf, at(x), hint.word, word, theme) + 2;
    }
}
