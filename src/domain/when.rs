//! Times as a person types them: `03:12`, `-15m`, `2026-11-20 03:12:45`, `now`.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::time::Timestamp;

/// What was typed is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time: write 03:12, -15m, 2026-11-20 03:12 or 2026-11-20T03:12:45Z")]
pub struct NotATime;

/// Reads a time. A time of day is the last one before `now`; a clock without a zone is in `zone`;
/// `-15m` and `15m` both lie that long before `now` (units s, m, h, d, w, and several of them).
pub fn parse(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, NotATime> {
    let text = text.trim();
    if text == "now" {
        return Ok(now);
    }
    if let Some(back) = ago(text.strip_prefix('-').unwrap_or(text)) {
        return Ok(now - back);
    }
    if let Some(full) = Timestamp::parse_rfc3339(&text.replacen(' ', "T", 1)) {
        return Ok(full);
    }
    if let Ok(at) = text.replacen(' ', "T", 1).parse::<DateTime>() {
        return in_zone(at, zone).ok_or(NotATime);
    }
    if let Ok(date) = text.parse::<Date>() {
        return in_zone(date.at(0, 0, 0, 0), zone).ok_or(NotATime);
    }
    let time = time_of_day(text).ok_or(NotATime)?;
    let here = jiff::Timestamp::from_millisecond(now.as_millis()).map_err(|_| NotATime)?;
    let today = here.to_zoned(zone.clone()).date();
    let on = |date: Date| in_zone(date.to_datetime(time), zone);
    match on(today) {
        Some(at) if at <= now => Ok(at),
        _ => today.yesterday().ok().and_then(on).ok_or(NotATime),
    }
}

fn in_zone(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = at.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, rest) = text.split_once(':')?;
    let padded = format!("{hour:0>2}:{rest}");
    padded.parse().ok()
}

/// `15m`, `1h30m`, `90s`.
fn ago(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let unit = match rest[digits..].chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(Duration::from_secs(count.checked_mul(unit)?))?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        let now = Timestamp::parse_rfc3339("2026-11-20T03:30:00Z").unwrap();
        parse(text, now, &TimeZone::UTC).ok().map(Timestamp::rfc3339)
    }

    #[test]
    fn all_forms_are_read() {
        let at = |text: &str| Some(format!("2026-11-{text}.000Z"));
        assert_eq!(read("03:12"), at("20T03:12:00"));
        assert_eq!(read("3:12:45"), at("20T03:12:45"));
        assert_eq!(read("04:00"), at("19T04:00:00"));
        assert_eq!(read("-15m"), at("20T03:15:00"));
        assert_eq!(read("1h30m"), at("20T02:00:00"));
        assert_eq!(read("2026-11-18 03:12"), at("18T03:12:00"));
        assert_eq!(read("2026-11-18T03:12:45"), at("18T03:12:45"));
        assert_eq!(read("2026-11-18"), at("18T00:00:00"));
        assert_eq!(read("2026-11-18 03:12:45+02:00"), at("18T01:12:45"));
        assert_eq!(read("now"), at("20T03:30:00"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-", "m", "15", "25:00", "yesterday", "99999999999999999999d", "2026-13-01"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_is_that_of_the_zone() {
        let now = Timestamp::parse_rfc3339("2026-11-20T03:30:00Z").unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(parse("04:15", now, &zone).unwrap().rfc3339(), "2026-11-20T03:15:00.000Z");
    }

    proptest! {
        #[test]
        fn garbage_does_no_harm(text in "[-0-9:smhdT Z+]{0,24}") {
            let _ = read(&text);
        }
    }
}
