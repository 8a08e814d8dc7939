//! Durations as people write them: `500ms`, `30s`, `5m`, `1h30m`, `14d`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

use crate::domain::time::Timestamp;

/// Reads a moment: a time by RFC 3339, or how long before `now` it was.
pub fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(back) = parse(text) {
        return Ok(now - back);
    }
    let at = Timestamp::parse_rfc3339(text);
    at.ok_or_else(|| {
        format!("{text:?} is neither a time (2026-11-20T03:00:00Z) nor how long ago (10m, 1h30m)")
    })
}

/// Reads a duration; days have 24 hours. Zero and negative ones mean nothing anywhere in a
/// configuration and are refused, as are calendar units, whose length is not fixed.
pub fn parse(text: &str) -> Result<Duration, String> {
    let span: Span = text.parse().map_err(|_| "it needs a number and a unit".to_owned())?;
    if span.get_months() != 0 || span.get_years() != 0 {
        return Err("months and years differ in length; say days".to_owned());
    }
    let signed =
        span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| "it is too long".to_owned())?;
    match Duration::try_from(signed) {
        Ok(duration) if duration.is_zero() => Err("it is zero".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("it is negative".to_owned()),
    }
}

/// Writes it as [`parse`] reads it, from the largest unit down; below a millisecond is cut.
pub fn show(duration: Duration) -> String {
    const UNITS: [(&str, u128); 5] =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
    let mut left = duration.as_millis();
    let mut text = String::new();
    for (unit, millis) in UNITS {
        if left >= millis {
            text.push_str(&(left / millis).to_string());
            text.push_str(unit);
            left %= millis;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_ways_to_write_one_are_read() {
        let ms = |text| parse(text).map(|d| d.as_millis());
        assert_eq!(ms("500ms"), Ok(500));
        assert_eq!(ms("30s"), Ok(30_000));
        assert_eq!(ms("1.5s"), Ok(1500));
        assert_eq!(ms("5m"), Ok(300_000));
        assert_eq!(ms("1h30m"), Ok(5_400_000));
        assert_eq!(ms("1h 30m"), Ok(5_400_000));
        assert_eq!(ms("14d"), Ok(14 * 86_400_000));
        assert_eq!(ms("2w"), Ok(14 * 86_400_000));
    }

    #[test]
    fn what_is_no_length_of_time_is_refused() {
        for text in ["", "30", "soon", "-5s", "0s", "1mo", "1y", "5 parsecs", "99999999999999w"] {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(millis in 1u64..10_000_000_000) {
            let duration = Duration::from_millis(millis);
            prop_assert_eq!(parse(&show(duration)), Ok(duration));
        }
    }
}
