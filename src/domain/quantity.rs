//! Quantities with their unit in the type, and their short forms on the screen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of bytes, or bytes a second where the field says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    /// Binary multiples in at most five characters: `0B`, `999B`, `1.5K`, `12M`, `3.2G`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["B", "K", "M", "G", "T", "P"];
        let mut value = self.0 as f64;
        let mut unit = 0;
        while value >= 999.5 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let text = if unit > 0 && value < 9.95 {
            format!("{value:.1}{}", UNITS[unit])
        } else {
            format!("{value:.0}{}", UNITS[unit])
        };
        f.pad(&text)
    }
}

/// Hundredths of a whole; a CPU figure may pass 100 where it counts several cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(pub f32);

impl Percent {
    /// `part` of `whole` in percent; `None` where there is no whole to take it of.
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then(|| Self((part as f64 / whole as f64 * 100.0) as f32))
    }
}

impl fmt::Display for Percent {
    /// Whole percent, `<1%` for what is there but rounds to nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0 > 0.0 && self.0 < 0.5 { "<1%".to_owned() } else { format!("{:.0}%", self.0) };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_within_five_characters() {
        for n in [0, 1, 999, 1000, 1023, 1024, 10_188, 1 << 20, 1_048_000, u64::MAX / 1024] {
            let text = Bytes(n).to_string();
            assert!(text.len() <= 5, "{n} is drawn as {text}");
        }
        assert_eq!(Bytes(1536).to_string(), "1.5K");
        assert_eq!(Bytes(999).to_string(), "999B");
    }

    #[test]
    fn a_percent_of_nothing_is_not_a_number() {
        assert_eq!(Percent::of(1, 0), None);
        assert_eq!(Percent::of(1, 4), Some(Percent(25.0)));
    }

    #[test]
    fn a_trace_is_not_drawn_as_zero() {
        assert_eq!(Percent(0.2).to_string(), "<1%");
        assert_eq!(Percent(0.0).to_string(), "0%");
    }
}
