//! The time that a line of text tells of itself, in the forms that programs write. Pure.

use crate::domain::time::Timestamp;

/// How far into a line a time is looked for, in bytes.
const HEAD: usize = 160;

/// A server's offset from UTC, for times that do not say theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    seconds: i64,
}

impl Zone {
    /// As `date +%z` writes it: `+0200`. Anything else is UTC.
    pub fn parse(text: &str) -> Self {
        let offset = || {
            let (sign, digits) = match text.trim().split_at_checked(1)? {
                ("+", digits) => (1, digits),
                ("-", digits) => (-1, digits),
                _ => return None,
            };
            let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
            let (hours, minutes) = (number(0..2)?, number(2..4)?);
            (hours <= 15 && minutes < 60).then_some(Self { seconds: sign * (hours * 3600 + minutes * 60) })
        };
        offset().unwrap_or_default()
    }
}

/// The time of a line: at its start (`2026-11-20T03:00:00.5Z`, `2026-11-20 03:00:00,500`,
/// `2026/11/20 03:00:00`), in brackets as web servers write it (`[20/Nov/2026:03:00:00 +0000]`), or
/// as a JSON field (`"ts":1795143600.5`, `"time":"…"`).
pub fn time_of_line(line: &str, zone: Zone) -> Option<Timestamp> {
    let head = line.as_bytes();
    match head.first()? {
        b'{' => json(line, zone),
        b'0'..=b'9' => date_time(head, zone).or_else(|| bracketed(head)),
        b'[' => date_time(&head[1..], zone).or_else(|| bracketed(head)),
        _ => bracketed(head),
    }
}

/// `2026-11-20T03:00:00`, with `-` or `/`, `T` or a space, a fraction after `.` or `,`, and a zone.
fn date_time(text: &[u8], zone: Zone) -> Option<Timestamp> {
    let part = |range: std::ops::Range<usize>| number(text.get(range)?);
    let at = |index: usize| text.get(index).copied();
    let separator = at(4).filter(|byte| matches!(byte, b'-' | b'/'))?;
    if at(7) != Some(separator)
        || !matches!(at(10), Some(b'T' | b' '))
        || at(13) != Some(b':')
        || at(16) != Some(b':')
    {
        return None;
    }
    let date = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (mut millis, mut next) = (0, 19);
    if matches!(at(19), Some(b'.' | b',')) {
        let digits = text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let first = &text[20..20 + digits.min(3)];
        millis = number(first)? * [100, 10, 1][first.len().clamp(1, 3) - 1];
        next = 20 + digits;
    }
    let offset = offset(text.get(next..).unwrap_or_default()).unwrap_or(zone.seconds);
    instant(date, (part(11..13)?, part(14..16)?, part(17..19)?), offset, millis)
}

/// `Z`, `+02:00` or `+0200`, perhaps after a space.
fn offset(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let sign = match text.first()? {
        b'Z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number(text.get(1..3)?)?;
    let minutes = number(text.get(3..5)?).or_else(|| number(text.get(4..6)?))?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// `[20/Nov/2026:03:00:00 +0000]`, the form of Apache's and nginx's access logs.
fn bracketed(line: &[u8]) -> Option<Timestamp> {
    let head = &line[..line.len().min(HEAD)];
    let start = memchr::memchr(b'[', head)? + 1;
    let text = line.get(start..start + 26)?;
    let [_, _, b'/', _, _, _, b'/', ..] = text else { return None };
    let part = |range: std::ops::Range<usize>| number(text.get(range)?);
    let date = (part(7..11)?, month(&text[3..6])?, part(0..2)?);
    instant(date, (part(12..14)?, part(15..17)?, part(18..20)?), offset(&text[20..])?, 0)
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let at = NAMES.iter().position(|known| known.as_slice() == name)?;
    i64::try_from(at + 1).ok()
}

/// A field near the start of an object; reading the whole of it would cost more than the line is
/// worth.
fn json(line: &str, zone: Zone) -> Option<Timestamp> {
    const NAMES: [&str; 5] = ["\"ts\":", "\"time\":", "\"timestamp\":", "\"@timestamp\":", "\"t\":"];
    let head = line.get(..HEAD * 2).unwrap_or(line);
    let value =
        NAMES.iter().find_map(|name| head.find(name).map(|at| line[at + name.len()..].trim_start()))?;
    if let Some(text) = value.strip_prefix('"') {
        return date_time(text.as_bytes(), zone);
    }
    let digits = value.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let number: f64 = value[..digits].parse().ok()?;
    // Seconds, or finer, by the size of the number: a second count has ten digits until 2286.
    let millis = match number {
        n if n < 1e8 => return None,
        n if n < 1e11 => n * 1e3,
        n if n < 1e14 => n,
        n if n < 1e17 => n / 1e3,
        n => n / 1e6,
    };
    Some(Timestamp::from_millis(millis as i64))
}

fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0_i64, |n, digit| digit.is_ascii_digit().then(|| n * 10 + i64::from(digit - b'0')))
}

fn instant(
    (year, month, day): (i64, i64, i64),
    (hour, minute, second): (i64, i64, i64),
    offset: i64,
    millis: i64,
) -> Option<Timestamp> {
    let good = (1970..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !good || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds =
        super::calendar::days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp::from_millis(seconds * 1000 + millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(line: &str) -> Option<String> {
        time_of_line(line, Zone::parse("+0200")).map(Timestamp::rfc3339)
    }

    #[test]
    fn the_usual_forms_are_read() {
        let three = Some("2026-11-20T03:00:00.000Z".to_owned());
        assert_eq!(at("2026-11-20T03:00:00Z INFO up"), three);
        assert_eq!(at("2026-11-20T05:00:00+02:00 up"), three);
        assert_eq!(at("2026-11-20 05:00:00 up"), three, "the server's zone holds");
        assert_eq!(at("2026/11/20 05:00:00 [error] 12#12: up"), three);
        assert_eq!(at("[2026-11-20 05:00:00] up"), three);
        assert_eq!(at(r#"10.0.0.1 - - [20/Nov/2026:03:00:00 +0000] "GET / HTTP/1.1" 200 5"#), three);
        assert_eq!(at(r#"{"level":"info","ts":1795143600.0,"msg":"up"}"#), three);
        assert_eq!(at(r#"{"time":"2026-11-20T03:00:00Z"}"#), three);
    }

    #[test]
    fn fractions_are_milliseconds() {
        assert_eq!(at("2026-11-20T03:00:00.5Z").as_deref(), Some("2026-11-20T03:00:00.500Z"));
        assert_eq!(at("2026-11-20 05:00:00,123 up").as_deref(), Some("2026-11-20T03:00:00.123Z"));
        assert_eq!(at(r#"{"ts":1795143600123}"#).as_deref(), Some("2026-11-20T03:00:00.123Z"));
    }

    #[test]
    fn a_line_without_a_time_has_none() {
        for line in ["", "up", "2026", "[", "{}", "2026-13-20T03:00:00Z", "    at shop.Cart(Cart.java:12)"] {
            assert_eq!(at(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "\\PC{0,60}|[0-9/:T.,Z+ \\[{\"tsime-]{0,60}") {
            let _ = at(&line);
        }

        #[test]
        fn what_is_written_is_read(secs in 0_i64..7_000_000_000, millis in 0_i64..1000) {
            let ts = Timestamp::from_millis(secs * 1000 + millis);
            prop_assert_eq!(time_of_line(&ts.rfc3339(), Zone::default()), Some(ts));
        }
    }
}
