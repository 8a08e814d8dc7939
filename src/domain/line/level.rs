//! The level that a line's own text tells, in the forms that programs write.

use memchr::memmem;

use crate::domain::level::Level;

/// How far into a line its level is looked for: behind it stands the message.
const HEAD: usize = 96;

/// The level that the text tells: a JSON or logfmt field, a syslog priority, klog's and Redis's
/// marks, or a word where loggers put it. [`Level::Unknown`] where it tells none.
pub fn level_of(line: &str) -> Level {
    let bytes = line.as_bytes();
    match bytes.first() {
        None => Level::Unknown,
        Some(b'{') => json(bytes).or_else(|| words(bytes)).unwrap_or_default(),
        Some(b'<') => syslog(bytes).or_else(|| words(bytes)).unwrap_or_default(),
        Some(_) => marks(bytes).or_else(|| logfmt(bytes)).or_else(|| words(bytes)).unwrap_or_default(),
    }
}

/// `"level":"warn"`, `"severity": "ERROR"`, pino's and bunyan's `"level":50`.
fn json(line: &[u8]) -> Option<Level> {
    const KEYS: [&[u8]; 5] = [b"\"level\"", b"\"severity\"", b"\"lvl\"", b"\"log.level\"", b"\"levelname\""];
    KEYS.iter().find_map(|key| {
        let after = &line[memmem::find(line, key)? + key.len()..];
        let value = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        match value.first()? {
            b'"' => Level::parse(word(&value[1..])),
            b'0'..=b'9' => number(value),
            _ => None,
        }
    })
}

/// The numbers of bunyan and pino, ten to sixty.
fn number(digits: &[u8]) -> Option<Level> {
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    match std::str::from_utf8(&digits[..end]).ok()?.parse::<u8>().ok()? {
        60.. => Some(Level::Fatal),
        50.. => Some(Level::Error),
        40.. => Some(Level::Warn),
        30.. => Some(Level::Info),
        20.. => Some(Level::Debug),
        10.. => Some(Level::Trace),
        _ => None,
    }
}

/// `level=error`, `lvl=warn`, `severity=INFO`, quoted or not.
fn logfmt(line: &[u8]) -> Option<Level> {
    const KEYS: [&[u8]; 3] = [b"level=", b"lvl=", b"severity="];
    memchr::memchr(b'=', line)?;
    KEYS.iter().find_map(|key| {
        let at = memmem::find(line, key)?;
        if at > 0 && !line[at - 1].is_ascii_whitespace() {
            return None;
        }
        let value = &line[at + key.len()..];
        Level::parse(word(value.strip_prefix(b"\"").unwrap_or(value)))
    })
}

/// `<PRI>` as the kernel's log and syslog write it: the lower three bits are the severity
/// (RFC 5424 section 6.2.1).
fn syslog(line: &[u8]) -> Option<Level> {
    let end = line.iter().take(5).position(|b| *b == b'>')?;
    let priority: u8 = std::str::from_utf8(line.get(1..end)?).ok()?.parse().ok()?;
    (priority < 192).then(|| Level::from_syslog(priority & 7))
}

/// klog (`E1120 03:00:00.000000 …`) and Redis (`1:M 20 Nov 2026 03:00:00.000 # …`).
fn marks(line: &[u8]) -> Option<Level> {
    let digits =
        |from: usize, to: usize| line.get(from..to).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    match line {
        [mark @ (b'I' | b'W' | b'E' | b'F'), ..] if digits(1, 5) && line.get(5) == Some(&b' ') => {
            Some(match mark {
                b'I' => Level::Info,
                b'W' => Level::Warn,
                b'E' => Level::Error,
                _ => Level::Fatal,
            })
        }
        [b'0'..=b'9', ..] => {
            let colon = line.iter().take(8).position(|b| *b == b':')?;
            let [role, b' ', rest @ ..] = line.get(colon + 1..)? else { return None };
            if !digits(0, colon) || !matches!(role, b'M' | b'S' | b'C' | b'X') {
                return None;
            }
            match rest.get(24..27)? {
                b" . " => Some(Level::Debug),
                b" - " | b" * " => Some(Level::Info),
                b" # " => Some(Level::Warn),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A word of the head of the line that is a level by how it stands there: in capitals, in
/// brackets, or before a colon. `0 errors` and `an error occurred` are none.
fn words(line: &[u8]) -> Option<Level> {
    if line.starts_with(b"Traceback (most recent call last)") {
        return Some(Level::Error);
    }
    let head = &line[..line.len().min(HEAD)];
    let mut at = 0;
    while at < head.len() {
        if !head[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let text = word(&head[at..]);
        let end = at + text.len();
        let before = at.checked_sub(1).map(|i| head[i]);
        let after = line.get(end).copied();
        if (3..=11).contains(&text.len()) && stands_free(before, after) {
            let bracketed = matches!((before, after), (Some(b'['), Some(b']')) | (Some(b'<'), Some(b'>')));
            let capitals = text.bytes().all(|b| b.is_ascii_uppercase()) && text != "LOG";
            if (bracketed || capitals || after == Some(b':'))
                && let Some(level) = Level::parse(text)
            {
                return Some(level);
            }
        }
        at = end;
    }
    None
}

fn stands_free(before: Option<u8>, after: Option<u8>) -> bool {
    before.is_none_or(|b| matches!(b, b' ' | b'[' | b'(' | b'<' | b'|' | b':' | b'"' | b'-'))
        && after.is_none_or(|b| matches!(b, b' ' | b']' | b')' | b'>' | b'|' | b':' | b',' | b'"' | b'-'))
}

/// The ASCII letters that the text begins with.
fn word(text: &[u8]) -> &str {
    let end = text.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len());
    std::str::from_utf8(&text[..end]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_are_read_as_programs_write_them() {
        for (line, level) in [
            (r#"{"ts":1,"level":"warn","msg":"ERROR"}"#, Level::Warn),
            (r#"{"severity": "CRITICAL"}"#, Level::Fatal),
            (r#"{"level":50,"msg":"x"}"#, Level::Error),
            (r"ts=2026 level=error msg=x", Level::Error),
            ("2026/11/20 03:00:00 [error] 31#31: *1 open() failed", Level::Error),
            ("2026-11-20T03:00:00Z  WARN midwatch: slow", Level::Warn),
            ("2026-11-20 03:00:00.000 UTC [1] LOG:  checkpoint", Level::Info),
            ("2026-11-20 03:00:00.000 UTC [1] FATAL:  role", Level::Fatal),
            ("E1120 03:00:00.123456       1 controller.go:1] no", Level::Error),
            ("<3>usb 1-1: broken", Level::Error),
            ("<134>Nov 20 03:00:00 web app: x", Level::Info),
            ("1:M 20 Nov 2026 03:00:00.123 # Server overcommit", Level::Warn),
            ("panic: runtime error", Level::Fatal),
            ("INFO:     Started server process", Level::Info),
            ("found 0 errors in 3 files", Level::Unknown),
            ("an error occurred", Level::Unknown),
            (r#"1.2.3.4 - - [20/Nov/2026:03:00:00 +0000] "GET /error HTTP/1.1" 200 1"#, Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(level_of(line), level, "{line}");
        }
    }

    proptest! {
        #[test]
        fn garbage_has_some_level_and_never_panics(line in "\\PC*|[<{E1:M \"level=]*") {
            let _ = level_of(&line);
        }
    }
}
