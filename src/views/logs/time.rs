//! Times of lines, in UTC or the console's zone.

use jiff::tz::TimeZone;

use crate::domain::time::Timestamp;
use crate::state::State;

/// `03:12:45`, with milliseconds where there are cells for them.
pub fn clock(state: &State, at: Timestamp, cells: u16) -> String {
    text(state, at, if cells >= 12 { "%H:%M:%S%.3f" } else { "%H:%M:%S" })
}

/// `2026-11-20 03:12:45.123 UTC`.
pub fn full(state: &State, at: Timestamp) -> String {
    text(state, at, "%Y-%m-%d %H:%M:%S%.3f %Z")
}

/// `Nov 20 03:12`.
pub fn minute(state: &State, at: Timestamp) -> String {
    text(state, at, "%b %d %H:%M")
}

/// What the zone that is shown is called.
pub fn zone(state: &State) -> &'static str {
    if state.logs_page.local_time { "local" } else { "UTC" }
}

fn text(state: &State, at: Timestamp, format: &str) -> String {
    let zone = if state.logs_page.local_time { state.zone.clone() } else { TimeZone::UTC };
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(at) => at.to_zoned(zone).strftime(format).to_string(),
        Err(_) => "-".to_owned(),
    }
}
