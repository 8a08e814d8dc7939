//! The server is connected, but something of it is not read any more.

use std::time::Duration;

use super::Seen;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::health::Health;
use crate::domain::link::Link;
use crate::domain::reading::{Freshness, Reading};
use crate::domain::time::{Age, Timestamp};
use crate::store::fleet::finding::{Finding, Kind};

/// How long after the connection stands a first reading may take.
const FIRST: Duration = Duration::from_secs(15);

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let server = seen.server;
    if server.link != Link::Up {
        return;
    }
    let mut push = |detail: &str, cause| {
        let detail = format!("unread:{detail}");
        out.push(Finding::on_server(server.id(), Kind::Unread, &detail, Health::Unknown, cause));
    };
    let late = server.link_up.is_some_and(|at| at.age(seen.now) > FIRST.max(server.setup.interval * 3));
    if let Some(cause) = unread("vitals", &server.vitals, server.vitals_freshness(seen.now), late, seen.now) {
        push("vitals", cause);
    }
    // A list that failed is the engine's rule; here is one that just stopped coming.
    if server.containers.failure.is_none()
        && let Freshness::Stale(age) = server.containers_freshness(seen.now)
    {
        push("containers", format!("containers were last read {} ago", Age(age)));
    }
    if let Some(cause) = unread("units", &server.units, server.units_freshness(seen.now), false, seen.now) {
        push("units", cause);
    }
    for (label, reading) in &server.access {
        let freshness = server.freshness(reading, server.cadence.access, seen.now);
        if let Some(cause) = unread(label, reading, freshness, false, seen.now) {
            push(&format!("access:{label}"), cause);
        }
    }
    for (label, reading) in &server.samples {
        let freshness = server.freshness(reading, server.cadence.samples, seen.now);
        if let Some(cause) = unread(label, reading, freshness, false, seen.now) {
            push(&format!("samples:{label}"), cause);
        }
    }
}

fn unread<T>(
    what: &str,
    reading: &Reading<T>,
    freshness: Freshness,
    late: bool,
    now: Timestamp,
) -> Option<String> {
    let failure = reading.failure.as_ref().map(|(failure, _)| failure);
    let unsupported = |failure: &Failure| failure.kind == FailureKind::Unsupported;
    match (freshness, failure) {
        (Freshness::Fresh, _) => None,
        (_, Some(failure)) if unsupported(failure) => None,
        (_, Some(failure)) => Some(format!("{what} cannot be read: {}", failure.reason())),
        (Freshness::Stale(_), None) => {
            let age = reading.last.as_ref().map(|(_, at)| at.age(now)).unwrap_or_default();
            Some(format!("{what} were last read {} ago", Age(age)))
        }
        (Freshness::Never, None) => late.then(|| format!("no {what} since it was connected")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, server};
    use super::*;
    use crate::domain::access::AccessStats;
    use crate::domain::unit::Units;

    #[test]
    fn a_server_that_falls_silent_is_unknown_and_says_since_when() {
        let mut silent = server("web-1");
        silent.vitals.last = silent.vitals.last.map(|(vitals, _)| (vitals, NOW - Duration::from_secs(12)));
        assert_eq!(causes(&silent), ["vitals were last read 12s ago"]);
        silent.vitals.fail(Failure::new(FailureKind::Timeout, "read", "no answer"), NOW);
        assert_eq!(causes(&silent), ["vitals cannot be read: no answer"]);
    }

    #[test]
    fn the_first_reading_may_take_a_moment_but_not_for_ever() {
        let mut fresh = server("web-1");
        fresh.vitals.last = None;
        assert!(causes(&fresh).is_empty());
        fresh.link_up = Some(NOW - Duration::from_secs(16));
        assert_eq!(causes(&fresh), ["no vitals since it was connected"]);
    }

    #[test]
    fn what_is_looked_at_more_rarely_is_not_old_the_sooner() {
        let mut server = server("web-1");
        server.units.succeed(Units::default(), NOW - Duration::from_secs(100));
        assert_eq!(causes(&server), ["units were last read 1m ago"]);
        server.cadence.units = Duration::from_secs(60);
        assert!(causes(&server).is_empty());
        server.samples.insert("node".into(), Reading::default());
        server.access.insert("caddy".into(), Reading::default());
        for reading in server.samples.values_mut() {
            reading.succeed((), NOW - Duration::from_secs(400));
        }
        for reading in server.access.values_mut() {
            reading.succeed(AccessStats::default(), NOW - Duration::from_secs(400));
        }
        assert_eq!(causes(&server).len(), 2, "{:?}", causes(&server));
        server.cadence.samples = Duration::from_secs(300);
        server.cadence.access = Duration::from_secs(300);
        assert!(causes(&server).is_empty());
    }

    #[test]
    fn what_containers_use_is_as_old_as_it_is_looked_at() {
        let mut server = server("web-1");
        server.usage.succeed(std::collections::BTreeMap::new(), NOW - Duration::from_secs(100));
        assert!(matches!(server.usage_freshness(NOW), Freshness::Stale(_)));
        server.cadence.usage = Duration::from_secs(60);
        assert_eq!(server.usage_freshness(NOW), Freshness::Fresh);
    }
}
