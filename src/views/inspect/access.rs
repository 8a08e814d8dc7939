//! All that is known of an access log: its figures over the last minute, and from where on they are a problem.

use std::time::Duration;

use super::{Facts, fact, failed, read};
use crate::domain::access::{AccessKey, AccessStats};
use crate::domain::metric::MetricUnit;
use crate::state::{State, requests};
use crate::store::fleet::rules::access::ENOUGH;

/// Label and value, in order.
pub(super) fn facts(state: &State, key: &AccessKey) -> Facts {
    let Some(server) = state.fleet.server(&key.server) else { return Facts::new() };
    let file = requests::source(&state.fleet, key).map(|it| it.stream.label().to_owned());
    let mut facts = vec![
        fact("log", &key.label),
        fact("server", key.server.as_str()),
        fact("file", file.unwrap_or_else(|| "not configured any more".to_owned())),
    ];
    let limits = &server.setup.thresholds;
    let limit = format!(
        "errors {}, p95 {}, from {ENOUGH} requests on",
        limits.error_rate,
        MetricUnit::Millis.text(millis(limits.p95)).trim()
    );
    let Some(reading) = server.access.get(&key.label) else {
        facts.push(fact("requests", "not read yet"));
        facts.push(fact("problem from", limit));
        return facts;
    };
    if let Some(it) = reading.value() {
        facts.extend(figures(it));
    }
    facts.push(fact("problem from", limit));
    facts.push(read(reading, server.access_freshness(&key.label, state.now), state.now));
    facts.extend(reading.failure.iter().flat_map(|(failure, _)| failed("not read", failure)));
    facts
}

fn figures(it: &AccessStats) -> Facts {
    let time = |value: Option<Duration>| {
        value.map_or_else(
            || "not told".to_owned(),
            |value| MetricUnit::Millis.text(millis(value)).trim().to_owned(),
        )
    };
    let over = it.window.as_secs();
    vec![
        fact("requests", format!("{} in {over} s, {:.2} a second", it.requests, it.rate)),
        fact("answered 5xx", it.errors.map_or_else(|| "no request".to_owned(), |it| it.to_string())),
        fact("time to answer", format!("p50 {}  p95 {}  p99 {}", time(it.p50), time(it.p95), time(it.p99))),
        fact("unread lines", it.unread.to_string()),
    ]
}

fn millis(time: Duration) -> f32 {
    time.as_secs_f32() * 1000.0
}
