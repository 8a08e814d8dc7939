//! What a color is for. Drawing code names roles, themes give them colors.

use ratatui::style::Modifier;
use serde::Deserialize;

/// A role. Its name in a theme file is in `snake_case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The whole screen's background.
    Ground,
    /// The background of what lies above a page.
    Surface,
    /// Ordinary text.
    Text,
    /// Labels, and what is of second importance.
    Muted,
    /// Rules, frames and empty parts of bars.
    Faint,
    /// The program's own color: titles, the focused pane.
    Accent,
    /// The keys in the footer.
    Key,
    /// The background of the selected row.
    Selection,
    /// The same in a pane without focus.
    SelectionFaint,
    /// Marked rows.
    Marked,
    /// The background of what a search found.
    Found,
    /// Healthy.
    Up,
    /// Limping.
    Degraded,
    /// Down; errors.
    Down,
    /// Not known.
    Unknown,
    /// A value that is too old to be believed.
    Stale,
    /// The frame of a production environment.
    Production,
    /// The frame of a staging environment.
    Staging,
    /// First series of a chart.
    Series1,
    /// Second series.
    Series2,
    /// Third series.
    Series3,
    /// Fourth series.
    Series4,
    /// Fifth series.
    Series5,
    /// Sixth series.
    Series6,
}

impl Role {
    /// All of them; a theme names each one.
    pub const ALL: [Self; 24] = [
        Self::Ground,
        Self::Surface,
        Self::Text,
        Self::Muted,
        Self::Faint,
        Self::Accent,
        Self::Key,
        Self::Selection,
        Self::SelectionFaint,
        Self::Marked,
        Self::Found,
        Self::Up,
        Self::Degraded,
        Self::Down,
        Self::Unknown,
        Self::Stale,
        Self::Production,
        Self::Staging,
        Self::Series1,
        Self::Series2,
        Self::Series3,
        Self::Series4,
        Self::Series5,
        Self::Series6,
    ];

    /// The colors of a chart, in the order in which series take them.
    pub const SERIES: [Self; 6] =
        [Self::Series1, Self::Series2, Self::Series3, Self::Series4, Self::Series5, Self::Series6];

    /// What it is without colors.
    pub const fn plain(self) -> Modifier {
        match self {
            Self::Down | Self::Accent | Self::Key | Self::Production => Modifier::BOLD,
            Self::Degraded | Self::Marked | Self::Found => Modifier::UNDERLINED,
            Self::Muted | Self::Faint | Self::Stale | Self::Unknown => Modifier::DIM,
            _ => Modifier::empty(),
        }
    }
}
