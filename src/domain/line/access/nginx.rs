//! nginx's access log in its `combined` format (`ngx_http_log_module`), with what is often put
//! behind it: `$request_time`, bare, quoted, or after a name. Pure.

use std::time::Duration;

use super::{Read, Request};

/// The names under which `$request_time` is found.
const NAMES: [&str; 4] = ["rt=", "request_time=", "request_time:", "time="];

/// `ADDRESS - USER [TIME] "REQUEST" STATUS BYTES "REFERER" "AGENT" …`.
pub(super) fn read(line: &str) -> Read {
    parse(line).map_or(Read::Unread, Read::Request)
}

fn parse(line: &str) -> Option<Request> {
    let after_time = &line[line.find("] ")? + 2..];
    let (_request, rest) = quoted(after_time)?;
    let mut words = rest.split_ascii_whitespace();
    let status: u16 = words.next()?.parse().ok().filter(|status| (100..1000).contains(status))?;
    let _bytes = words.next()?;
    Some(Request { status, time: time(rest) })
}

/// A quoted field and what stands behind it. nginx writes a quote within one as `\x22`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('"')?.split_once('"')
}

/// The first number with a point behind status, bytes, referer and agent, or the one that is named.
fn time(rest: &str) -> Option<Duration> {
    let named = NAMES.iter().find_map(|name| {
        let at = rest.find(name).filter(|at| *at == 0 || rest.as_bytes()[at - 1] == b' ')?;
        seconds(rest[at + name.len()..].split_ascii_whitespace().next()?)
    });
    named.or_else(|| {
        let (_, behind) = rest.split_once('"')?;
        let (_referer, behind) = behind.split_once('"')?;
        let (_agent, behind) = quoted(behind.trim_start())?;
        behind.split_ascii_whitespace().find_map(seconds)
    })
}

/// `0.123` or `"0.123"`; a number without a point is something else (a port, a length).
fn seconds(word: &str) -> Option<Duration> {
    let number = word.trim_matches(['"', ',', ';']);
    let plain = number.contains('.') && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.then(|| number.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMBINED: &str =
        r#"10.0.0.1 - - [20/Nov/2026:03:00:00 +0000] "GET /a?b=1 HTTP/1.1" 502 157 "-" "curl/8.5.0""#;

    fn request(line: &str) -> Option<(u16, Option<u64>)> {
        parse(line).map(|request| {
            (request.status, request.time.and_then(|time| u64::try_from(time.as_millis()).ok()))
        })
    }

    #[test]
    fn combined_has_a_status_and_no_time() {
        assert_eq!(request(COMBINED), Some((502, None)));
    }

    #[test]
    fn the_time_is_found_in_every_usual_place() {
        for tail in [
            "0.123",
            "\"0.123\"",
            "rt=0.123 uct=\"0.001\"",
            "\"10.1.2.3\" 0.123",
            "request_time=0.123",
            "\"-\" \"0.123\" 4.5",
        ] {
            assert_eq!(request(&format!("{COMBINED} {tail}")), Some((502, Some(123))), "{tail}");
        }
    }

    #[test]
    fn a_request_that_was_garbage_still_counts() {
        let line = r#"10.0.0.1 - - [20/Nov/2026:03:00:00 +0000] "\x16\x03\x01" 400 157 "-" "-""#;
        assert_eq!(request(line), Some((400, None)));
        let empty = r#"10.0.0.1 - - [20/Nov/2026:03:00:00 +0000] "" 400 0 "-" "-""#;
        assert_eq!(request(empty), Some((400, None)));
    }

    #[test]
    fn other_lines_are_not_requests() {
        for line in
            ["", "2026/11/20 03:00:00 [error] 12#12: *1 connect() failed", "[] \"x\" 20 1", "] \"a\" b c"]
        {
            assert_eq!(request(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(tail in "\\PC{0,60}", cut in 0..COMBINED.len()) {
            let _ = read(&format!("{}{tail}", &COMBINED[..cut]));
        }
    }
}
