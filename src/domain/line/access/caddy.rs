//! Caddy's access log: one JSON object a line (<https://caddyserver.com/docs/logging>). Pure.

use std::time::Duration;

use serde::Deserialize;

use super::{Read, Request};

/// What is read of an entry; other logs of Caddy's have neither field.
#[derive(Deserialize)]
struct Entry {
    status: Option<u16>,
    duration: Option<Time>,
}

/// Seconds, or text with a unit where the encoder was told so (`duration_format string`).
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

pub(super) fn read(line: &str) -> Read {
    let Ok(entry) = serde_json::from_str::<Entry>(line) else { return Read::Unread };
    let Some(status) = entry.status else { return Read::Other };
    let time = entry.duration.and_then(|time| match time {
        Time::Seconds(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Time::Text(text) => go_duration(&text),
    });
    // Caddy writes 0 for a client that went away before it was answered.
    if status == 0 { Read::Other } else { Read::Request(Request { status, time }) }
}

/// `1.5ms`, `2m3.5s`, as Go writes durations.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(unit_at);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(end);
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * seconds;
        rest = next;
    }
    Duration::try_from_secs_f64(total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = r#"{"level":"info","ts":1795143600.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.1","method":"GET","host":"shop","uri":"/?a=\"b\""},"bytes_read":0,"duration":0.0123,"size":12,"status":503}"#;

    #[test]
    fn a_request_is_read() {
        let time = Some(Duration::from_micros(12_300));
        assert_eq!(read(LINE), Read::Request(Request { status: 503, time }));
        let text = LINE.replace("0.0123", "\"12.3ms\"");
        assert_eq!(read(&text), Read::Request(Request { status: 503, time }));
    }

    #[test]
    fn what_is_no_request_is_no_error_and_garbage_is() {
        assert_eq!(read(r#"{"level":"info","msg":"started"}"#), Read::Other);
        assert_eq!(read("not json"), Read::Unread);
    }

    #[test]
    fn durations_of_go_are_read() {
        assert_eq!(go_duration("1m2.5s"), Some(Duration::from_millis(62_500)));
        assert_eq!(go_duration("250µs"), Some(Duration::from_micros(250)));
        assert_eq!(go_duration("12"), None);
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "\\PC{0,80}", text in "[0-9.a-zµ]{0,12}") {
            let _ = (read(&line), go_duration(&text));
        }
    }
}
