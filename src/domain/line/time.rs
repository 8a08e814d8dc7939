//! The time that a line's own text tells, for files: containers and the journal tell it beside the line.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::fields::field;
use crate::domain::time::Timestamp;

/// How far into a line its time is looked for.
const HEAD: usize = 64;

/// What a line leaves out: where its clock stands, and which year it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Seconds that the server's local time is ahead of UTC.
    pub offset_seconds: i32,
    /// About now; a time without a year is the last such day before a day past it.
    pub now: Timestamp,
}

/// The time of a line: ISO 8601 (with `T`, a space or slashes), the common log format's
/// `[20/Nov/2026:03:00:00 +0000]`, syslog's `Nov 20 03:00:00`, or JSON's `ts`, `time`, `timestamp`
/// and `@timestamp`, as text or as seconds, milliseconds, micro- or nanoseconds since the epoch.
pub fn time_of_line(line: &str, local: Local) -> Option<Timestamp> {
    if line.starts_with('{') {
        return ["ts", "time", "timestamp", "@timestamp", "t"]
            .iter()
            .find_map(|name| field(line, name).and_then(|value| json_time(&value, local)));
    }
    let mut end = line.len().min(HEAD);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let head = &line.as_bytes()[..end];
    iso_anywhere(head, local)
        .or_else(|| common_log(line))
        .or_else(|| syslog(head, local))
        .or_else(|| field(line, "ts").or_else(|| field(line, "time")).and_then(|v| json_time(&v, local)))
}

fn json_time(value: &str, local: Local) -> Option<Timestamp> {
    value.parse().ok().map_or_else(|| iso(value.as_bytes(), local), epoch)
}

/// The unit is told by the size: until the year 5138 seconds have at most eleven digits.
fn epoch(number: f64) -> Option<Timestamp> {
    let millis = match number.abs() {
        n if n < 1e8 => return None,
        n if n < 1e11 => number * 1e3,
        n if n < 1e14 => number,
        n if n < 1e17 => number / 1e3,
        n if n < 1e20 => number / 1e6,
        _ => return None,
    };
    Some(Timestamp::from_millis(millis.round() as i64))
}

/// At the start, or behind a bracket or a space within the head.
fn iso_anywhere(head: &[u8], local: Local) -> Option<Timestamp> {
    let starts = |at: &usize| {
        let before = at.checked_sub(1).and_then(|i| head.get(i));
        head[*at].is_ascii_digit()
            && before.is_none_or(|b| matches!(b, b' ' | b'[' | b'(' | b'"' | b'=' | b'\''))
    };
    (0..head.len()).filter(starts).find_map(|at| iso(&head[at..], local))
}

/// `2026-11-20T03:00:00.123456789Z`, `2026-11-20 03:00:00,123 +0100`, `2026/11/20 03:00:00`.
fn iso(text: &[u8], local: Local) -> Option<Timestamp> {
    let separator = *text.get(4).filter(|b| matches!(b, b'-' | b'/'))?;
    let shape = text.get(7) == Some(&separator)
        && matches!(text.get(10)?, b'T' | b't' | b' ' | b'_')
        && text.get(13) == Some(&b':')
        && text.get(16) == Some(&b':');
    if !shape {
        return None;
    }
    let n = |from, to| number(text.get(from..to)?);
    let (date, time) = ((n(0, 4)?, n(5, 7)?, n(8, 10)?), (n(11, 13)?, n(14, 16)?, n(17, 19)?));
    let mut rest = &text[19..];
    let mut millis = 0;
    if let [b'.' | b',', after @ ..] = rest {
        let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
        millis = after.iter().take(digits.min(3)).fold(0, |sum, b| sum * 10 + i32::from(b - b'0'));
        millis *= 10_i32.pow(3 - digits.min(3) as u32);
        rest = &after[digits..];
    }
    instant(date, time, millis, zone(rest.trim_ascii_start()).unwrap_or(local.offset_seconds))
}

/// `Z`, `UTC`, `+01:00`, `-0530`, `+02`.
fn zone(text: &[u8]) -> Option<i32> {
    let sign = match text.first()? {
        b'Z' | b'z' => return Some(0),
        b'U' if text.starts_with(b"UTC") => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number(text.get(1..3)?)?;
    let rest = text.get(3..).unwrap_or_default();
    let minutes = number(rest.strip_prefix(b":").unwrap_or(rest).get(..2).unwrap_or(b"00")).unwrap_or(0);
    Some(sign * (hours * 3600 + minutes * 60))
}

/// `… [20/Nov/2026:03:00:00 +0000] …`, as nginx and Apache write it.
fn common_log(line: &str) -> Option<Timestamp> {
    let text = line.as_bytes();
    let open = memchr::memchr_iter(b'[', text.get(..text.len().min(512))?);
    open.into_iter().find_map(|open| {
        let text = text.get(open + 1..)?;
        let shape = text.get(2) == Some(&b'/')
            && text.get(6) == Some(&b'/')
            && [11, 14, 17].iter().all(|at| text.get(*at) == Some(&b':'));
        if !shape {
            return None;
        }
        let n = |from, to| number(text.get(from..to)?);
        let date = (n(7, 11)?, month(&text[3..6])?, n(0, 2)?);
        instant(date, (n(12, 14)?, n(15, 17)?, n(18, 20)?), 0, zone(text.get(20..)?.trim_ascii_start())?)
    })
}

/// `Nov 20 03:00:00`, `Nov  3 03:00:00`, behind `<PRI>` or not.
fn syslog(head: &[u8], local: Local) -> Option<Timestamp> {
    let text = match head {
        [b'<', ..] => &head[memchr::memchr(b'>', head)? + 1..],
        _ => head,
    };
    let month = month(text.get(..3)?)?;
    let shape = text.get(3) == Some(&b' ') && [9, 12].iter().all(|at| text.get(*at) == Some(&b':'));
    if !shape {
        return None;
    }
    let n = |from, to| number(text.get(from..to)?.trim_ascii());
    let time = (n(7, 9)?, n(10, 12)?, n(13, 15)?);
    let day = n(4, 6)?;
    let year = i32::from(
        jiff::Timestamp::from_millisecond(local.now.as_millis())
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year(),
    );
    let latest = local.now.as_millis().saturating_add(86_400_000);
    [year + 1, year, year - 1]
        .into_iter()
        .filter_map(|year| instant((year, month, day), time, 0, local.offset_seconds))
        .find(|at| at.as_millis() <= latest)
}

fn month(name: &[u8]) -> Option<i32> {
    const NAMES: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    NAMES.iter().position(|n| *n == name).and_then(|at| i32::try_from(at + 1).ok())
}

fn number(digits: &[u8]) -> Option<i32> {
    let valid = !digits.is_empty() && digits.len() <= 9 && digits.iter().all(u8::is_ascii_digit);
    valid.then(|| digits.iter().fold(0, |sum, b| sum * 10 + i32::from(b - b'0')))
}

fn instant(date: (i32, i32, i32), time: (i32, i32, i32), millis: i32, offset: i32) -> Option<Timestamp> {
    let small = |n: i32| i8::try_from(n).ok();
    // A leap second is written as 60 and is the next minute's first.
    let second = small(time.2.min(59))?;
    let civil = DateTime::new(
        i16::try_from(date.0).ok()?,
        small(date.1)?,
        small(date.2)?,
        small(time.0)?,
        small(time.1)?,
        second,
        millis.checked_mul(1_000_000)?,
    );
    let at = Offset::from_seconds(offset).ok()?.to_timestamp(civil.ok()?).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-20T03:00:00Z.
    const AT: i64 = 1_795_143_600_000;
    const LOCAL: Local = Local { offset_seconds: 3600, now: Timestamp::from_millis(AT) };

    fn read(line: &str) -> Option<i64> {
        time_of_line(line, LOCAL).map(|at| at.as_millis() - AT)
    }

    #[test]
    fn the_forms_that_logs_write() {
        for (line, millis) in [
            ("2026-11-20T03:00:00.123456Z INFO x", 123),
            ("2026-11-20T04:00:00+01:00 x", 0),
            ("2026-11-20 04:00:00,5 x", 500),
            ("[2026-11-20 02:00:00 -0100] x", 0),
            ("2026/11/20 04:00:00 [error] 1#1: x", 0),
            ("2026-11-20 03:00:00.000 UTC [1] LOG:  x", 0),
            (r#"1.2.3.4 - - [20/Nov/2026:03:00:00 +0000] "GET / HTTP/1.1" 200 1"#, 0),
            ("Nov 20 04:00:00 web app[1]: x", 0),
            ("<30>Nov 20 04:00:01 web app[1]: x", 1000),
            (r#"{"level":"info","ts":1795143600.25,"msg":"x"}"#, 250),
            (r#"{"time":"2026-11-20T03:00:00Z"}"#, 0),
            (r#"{"time":1795143600000}"#, 0),
            ("level=info ts=2026-11-20T03:00:00Z msg=x", 0),
        ] {
            assert_eq!(read(line), Some(millis), "{line}");
        }
    }

    #[test]
    fn a_day_of_last_year_is_not_taken_for_one_to_come() {
        assert_eq!(read("Dec 31 04:00:00 web x"), Some(-(365 - 41) * 86_400_000));
    }

    #[test]
    fn prose_has_no_time() {
        for line in ["", "it took 2026-11 days", "99/99/9999", "2026-13-40T99:99:99Z", r#"{"ts":12}"#, "Nov"]
        {
            assert_eq!(read(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(line in "\\PC*|[0-9TZ:+\\-/ \\[\\]{}\"Nov<>ä.,]*") {
            let _ = read(&line);
        }
    }
}
