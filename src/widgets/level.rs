//! A line's level: a glyph and a word, in a color.

use ratatui::buffer::Buffer;

use super::text::{Place, put};
use crate::domain::level::Level;
use crate::theme::{Glyphs, Role, Theme};

/// The role of the level's own cells; quiet for what is ordinary.
pub const fn role(level: Level) -> Role {
    match level {
        Level::Unknown | Level::Trace | Level::Debug | Level::Info => Role::Muted,
        Level::Warn => Role::Degraded,
        Level::Error | Level::Fatal => Role::Down,
    }
}

/// The glyph; a space where the line tells no level.
pub const fn glyph(level: Level, glyphs: &Glyphs) -> &'static str {
    match level {
        Level::Unknown => " ",
        Level::Trace | Level::Debug | Level::Info => glyphs.dot,
        Level::Warn => glyphs.degraded,
        Level::Error | Level::Fatal => glyphs.down,
    }
}

/// Three letters of the word, for narrow screens.
pub const fn short(level: Level) -> &'static str {
    match level {
        Level::Unknown => "",
        Level::Trace => "trc",
        Level::Debug => "dbg",
        Level::Info => "inf",
        Level::Warn => "wrn",
        Level::Error => "err",
        Level::Fatal => "ftl",
    }
}

/// Draws glyph and word; the short word where there are fewer than seven cells.
pub fn draw(buf: &mut Buffer, place: Place, level: Level, theme: &Theme) {
    if level == Level::Unknown {
        return;
    }
    let style = match level {
        Level::Fatal => theme.bold(Role::Down),
        level => theme.style(role(level)),
    };
    let word = if place.width < 7 { short(level) } else { level.word() };
    put(buf, place, glyph(level, theme.glyphs), style, theme);
    put(buf, Place { x: place.x + 2, width: place.width.saturating_sub(2), ..place }, word, style, theme);
}
