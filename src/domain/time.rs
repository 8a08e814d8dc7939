//! Instants and spans as values; reading the clock happens elsewhere.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A wall-clock instant: milliseconds since 1970-01-01 UTC, negative before. The console's clock
/// unless a field says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The whole second that this lies in.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// How long before `now` this was; zero where it lies after `now`.
    pub fn age(self, now: Self) -> Duration {
        Duration::from_millis(u64::try_from(now.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// The time from `earlier` to this; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        earlier.age(self)
    }

    /// Reads an RFC 3339 instant (`2026-11-20T03:00:00.123456789Z`), as engines and JSON logs write it.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Self(parsed.as_millisecond()))
    }

    /// Day and minute in UTC, for rows: `2026-11-20 03:00`.
    pub fn minute(self) -> String {
        let text = self.rfc3339();
        text.get(..16).map_or_else(String::new, |text| text.replacen('T', " ", 1))
    }

    /// RFC 3339 in UTC with milliseconds, for JSON and files.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(ts) => format!("{ts:.3}"),
            Err(_) => format!("@{}ms", self.0),
        }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(rhs.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// A duration in the console's short form, at most four characters up to 999 days:
/// `0s`, `59s`, `12m`, `23h`, `45d`. Rounds down, so an age is never overstated.
#[derive(Clone, Copy, Debug)]
pub struct Age(pub Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.0.as_secs();
        let text = match s {
            0..60 => format!("{s}s"),
            60..3600 => format!("{}m", s / 60),
            3600..86_400 => format!("{}h", s / 3600),
            _ => format!("{}d", s / 86_400),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_is_zero_when_the_instant_lies_ahead() {
        let later = Timestamp::from_secs(20);
        assert_eq!(later.age(Timestamp::from_secs(10)), Duration::ZERO);
    }

    #[test]
    fn ages_read_in_one_unit_and_round_down() {
        let text = |s| Age(Duration::from_secs(s)).to_string();
        assert_eq!(
            [text(0), text(59), text(60), text(7199), text(86_399), text(86_400 * 45)],
            ["0s", "59s", "1m", "1h", "23h", "45d"]
        );
    }

    #[test]
    fn rfc3339_reads_back_what_it_wrote() {
        let ts = Timestamp::from_millis(1_795_215_600_123);
        assert_eq!(Timestamp::parse_rfc3339(&ts.rfc3339()), Some(ts));
    }
}
