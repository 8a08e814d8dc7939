//! How things look: color roles, and the glyphs that say the same without color.
//!
//! Lives here: reading themes, roles, glyph sets, fitting colors to what a terminal can show.
//! Not here: where anything is drawn.

pub mod depth;
pub mod file;
pub mod glyphs;
pub mod role;

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

pub use depth::Depth;
pub use file::ThemeError;
pub use glyphs::Glyphs;
pub use role::Role;

use crate::domain::health::Health;
use crate::domain::level::Level;

/// A theme, fitted to a terminal: what the drawing code asks for styles and glyphs.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// Whether it is meant for a light background.
    pub light: bool,
    /// The glyph set.
    pub glyphs: &'static Glyphs,
    colors: BTreeMap<Role, Color>,
    colorless: bool,
}

impl Theme {
    /// Fits a theme to what the terminal shows.
    pub fn new(file: &file::ThemeFile, depth: Depth, ascii: bool) -> Self {
        Self {
            name: file.name.clone(),
            light: file.light,
            glyphs: if ascii { &glyphs::ASCII } else { &glyphs::UNICODE },
            colors: file.colors.iter().map(|(role, color)| (*role, depth.fit(*color))).collect(),
            colorless: depth == Depth::None,
        }
    }

    /// The color of a role; the terminal's own where the theme leaves it open.
    pub fn color(&self, role: Role) -> Color {
        self.colors.get(&role).copied().unwrap_or(Color::Reset)
    }

    /// Text in the color of a role. Without colors, what matters is bold or dim instead.
    pub fn style(&self, role: Role) -> Style {
        let style = Style::new().fg(self.color(role));
        if self.colorless { style.add_modifier(role.plain()) } else { style }
    }

    /// The same in bold.
    pub fn bold(&self, role: Role) -> Style {
        self.style(role).add_modifier(Modifier::BOLD)
    }

    /// The whole screen's ground.
    pub fn ground(&self) -> Style {
        Style::new().fg(self.color(Role::Text)).bg(self.color(Role::Ground))
    }

    /// The ground of what lies above a page.
    pub fn surface(&self) -> Style {
        Style::new().fg(self.color(Role::Text)).bg(self.color(Role::Surface))
    }

    /// What a selected row adds to its own colors.
    pub fn selection(&self, focused: bool) -> Style {
        if self.colorless || self.color(Role::Selection) == Color::Reset {
            // One color for all of the row: turned around, each cell's own would be a block of its own.
            let calm = Style::new().fg(Color::Reset).bg(Color::Reset);
            return if focused { calm.add_modifier(Modifier::REVERSED) } else { Style::new() };
        }
        let role = if focused { Role::Selection } else { Role::SelectionFaint };
        Style::new().bg(self.color(role))
    }

    /// The role of a verdict.
    pub const fn health(health: Health) -> Role {
        match health {
            Health::Up => Role::Up,
            Health::Unknown => Role::Unknown,
            Health::Degraded => Role::Degraded,
            Health::Down => Role::Down,
        }
    }

    /// The role of a line's level.
    pub const fn level(level: Level) -> Role {
        match level {
            Level::Unknown | Level::Info => Role::Text,
            Level::Trace | Level::Debug => Role::Muted,
            Level::Warn => Role::Degraded,
            Level::Error | Level::Fatal => Role::Down,
        }
    }
}
