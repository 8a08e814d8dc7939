//! The two glyph sets. All glyphs are one cell wide.

use crate::domain::event_mark::MarkKind;
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
    /// The marks by which the series of a chart are told apart without colors.
    pub series: [&'static str; 6],
    /// A vertical line that is no frame: an instant.
    pub dots: &'static str,
    /// The corner between an upright and a lying axis.
    pub corner: &'static str,
    /// A place on a lying axis.
    pub tick: &'static str,
    /// On a time axis: a deploy, a restart, a kill for memory, a boot, a lost or found connection.
    pub events: [&'static str; 5],
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
    series: ["●", "▲", "■", "◆", "○", "△"],
    dots: "┊",
    corner: "└",
    tick: "┬",
    events: ["▼", "↻", "✖", "⇑", "⇄"],
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
    series: ["*", "+", "x", "o", "#", "@"],
    dots: ":",
    corner: "+",
    tick: "+",
    events: ["D", "R", "K", "B", "L"],
};

impl Glyphs {
    /// What stands for a sign within a text of ours (the name of a key, a sentence) or of a server's;
    /// `None` where it may stay. Letters of any language stay: they are what the text says.
    pub fn instead_of(&self, symbol: &str) -> Option<&'static str> {
        if self.braille {
            return None;
        }
        Some(match symbol {
            "←" => "<",
            "→" => ">",
            "↑" => self.arrow_up,
            "↓" => self.arrow_down,
            "…" => self.ellipsis,
            "•" => "*",
            "·" => self.dot,
            _ => return None,
        })
    }

    /// The glyph of something that happened.
    pub const fn event(&self, kind: MarkKind) -> &'static str {
        match kind {
            MarkKind::Deploy => self.events[0],
            MarkKind::Restart => self.events[1],
            MarkKind::OutOfMemory => self.events[2],
            MarkKind::Boot => self.events[3],
            MarkKind::Link => self.events[4],
        }
    }

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
