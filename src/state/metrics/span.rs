//! How much time is shown at once.

use std::time::Duration;

/// The spans, shortest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// Five minutes.
    Minutes5,
    /// A quarter of an hour.
    #[default]
    Minutes15,
    /// An hour.
    Hour1,
    /// Six hours.
    Hours6,
    /// A day.
    Hours24,
}

impl Span {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] = [Self::Minutes5, Self::Minutes15, Self::Hour1, Self::Hours6, Self::Hours24];

    /// Its length.
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Minutes5 => 300,
            Self::Minutes15 => 900,
            Self::Hour1 => 3600,
            Self::Hours6 => 6 * 3600,
            Self::Hours24 => 24 * 3600,
        })
    }

    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Minutes5 => "5m",
            Self::Minutes15 => "15m",
            Self::Hour1 => "1h",
            Self::Hours6 => "6h",
            Self::Hours24 => "24h",
        }
    }

    /// The next longer one, or the next shorter; `None` at the end.
    pub fn beside(self, longer: bool) -> Option<Self> {
        let at = Self::ALL.iter().position(|span| *span == self)?;
        let to = if longer { at.checked_add(1)? } else { at.checked_sub(1)? };
        Self::ALL.get(to).copied()
    }
}
