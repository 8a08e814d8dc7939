//! An access log tells of too many errors, or of answers that come too late.

use super::Seen;
use crate::domain::health::Health;
use crate::domain::reading::Freshness;
use crate::store::fleet::finding::{Finding, Kind};

/// Fewer requests than this in the window are no measure: one error of three is not 33 %.
pub const ENOUGH: u64 = 20;

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let server = seen.server;
    let limits = seen.limits();
    for (label, reading) in &server.access {
        let fresh = server.freshness(reading, server.cadence.access, seen.now) == Freshness::Fresh;
        let Some(stats) = reading.value().filter(|stats| fresh && stats.requests >= ENOUGH) else { continue };
        let mut push = |detail: &str, cause| {
            let detail = format!("access:{detail}:{label}");
            out.push(Finding::on_server(server.id(), Kind::Limit, &detail, Health::Degraded, cause));
        };
        // A log may be of several apps, so nothing is left out.
        let shut = server.in_maintenance();
        let shut =
            if shut.is_empty() { String::new() } else { format!("; in maintenance: {}", shut.join(", ")) };
        if let Some(errors) = stats.errors.filter(|errors| *errors > limits.error_rate) {
            push(
                "errors",
                format!("{errors} of requests to {label} fail (limit {}){shut}", limits.error_rate),
            );
        }
        if let Some(p95) = stats.p95.filter(|p95| *p95 > limits.p95) {
            let (p95, limit) = (p95.as_millis(), limits.p95.as_millis());
            push("p95", format!("{label} answers in {p95} ms at p95 (limit {limit} ms)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::sample::{NOW, causes, server};
    use crate::domain::access::AccessStats;
    use crate::domain::quantity::Percent;

    #[test]
    fn errors_and_slowness_count_where_there_are_enough_requests() {
        let mut it = server("web-1");
        let stats = AccessStats {
            label: "caddy".into(),
            requests: 19,
            errors: Some(Percent(9.0)),
            p95: Some(Duration::from_millis(700)),
            ..AccessStats::default()
        };
        it.access.entry("caddy".into()).or_default().succeed(stats.clone(), NOW);
        assert!(causes(&it).is_empty());
        it.access.entry("caddy".into()).or_default().succeed(AccessStats { requests: 20, ..stats }, NOW);
        assert_eq!(
            causes(&it),
            ["9% of requests to caddy fail (limit 5%)", "caddy answers in 700 ms at p95 (limit 500 ms)"]
        );
    }
}
