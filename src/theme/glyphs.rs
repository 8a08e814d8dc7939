//! The two glyph sets. All glyphs are one cell wide.

use crate::domain::health::Health;

/// What is drawn beside words and in charts.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Healthy.
    pub up: &'static str,
    /// Limping.
    pub degraded: &'static str,
    /// Down.
    pub down: &'static str,
    /// Not known.
    pub unknown: &'static str,
    /// Left of the selected row.
    pub cursor: &'static str,
    /// Left of a marked row.
    pub marked: &'static str,
    /// In place of what was cut.
    pub ellipsis: &'static str,
    /// A horizontal rule.
    pub rule: &'static str,
    /// A vertical rule.
    pub bar: &'static str,
    /// Eight heights, lowest first.
    pub heights: [&'static str; 8],
    /// The full part of a gauge.
    pub full: &'static str,
    /// The empty part of a gauge.
    pub empty: &'static str,
    /// Down, as of traffic and sorting.
    pub arrow_down: &'static str,
    /// Up, as of traffic and sorting.
    pub arrow_up: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// Folded.
    pub folded: &'static str,
    /// Unfolded.
    pub unfolded: &'static str,
    /// The thumb of a scroll bar.
    pub thumb: &'static str,
    /// Corners of a frame: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Whether charts may use Braille dots.
    pub braille: bool,
}

/// For terminals that draw Unicode.
pub static UNICODE: Glyphs = Glyphs {
    up: "●",
    degraded: "▲",
    down: "✖",
    unknown: "?",
    cursor: "▌",
    marked: "◆",
    ellipsis: "…",
    rule: "─",
    bar: "│",
    heights: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    full: "█",
    empty: "░",
    arrow_down: "↓",
    arrow_up: "↑",
    dot: "·",
    folded: "▸",
    unfolded: "▾",
    thumb: "┃",
    corners: ["╭", "╮", "╰", "╯"],
    braille: true,
};

/// For all others.
pub static ASCII: Glyphs = Glyphs {
    up: "+",
    degraded: "!",
    down: "X",
    unknown: "?",
    cursor: ">",
    marked: "*",
    ellipsis: "~",
    rule: "-",
    bar: "|",
    heights: ["_", ".", ".", "-", "-", "=", "=", "#"],
    full: "#",
    empty: ".",
    arrow_down: "v",
    arrow_up: "^",
    dot: "-",
    folded: ">",
    unfolded: "v",
    thumb: "#",
    corners: ["+", "+", "+", "+"],
    braille: false,
};

impl Glyphs {
    /// The glyph of a verdict.
    pub const fn health(&self, health: Health) -> &'static str {
        match health {
            Health::Up => self.up,
            Health::Unknown => self.unknown,
            Health::Degraded => self.degraded,
            Health::Down => self.down,
        }
    }
}
