//! Judging PostgreSQL's figures.

use std::time::Duration;

use serde_json::Value;

use super::attempt::Attempt;
use super::database::limit;
use super::postgres_figures::{NEEDS_MONITOR, Told};
use crate::config::checks::postgres::PostgresLimits;
use crate::domain::figure::Figure;
use crate::domain::health::Health;
use crate::domain::quantity::Bytes;
use crate::domain::time::Age;

/// Judges the figures. One that is missing is told with its reason, never as zero; where it was
/// refused by an error and has a limit, the limit cannot be judged.
pub fn judge(limits: &PostgresLimits, told: &Told) -> Attempt {
    let mut attempt = Attempt::answered(Duration::ZERO);
    let text = |name: &str| told.figures.get(name).and_then(Value::as_str);
    let recovery = told.figures.get("in_recovery").and_then(Value::as_bool);
    attempt.fact("version", text("version").unwrap_or_else(|| told.why("version")));
    let role = recovery.map(|standby| if standby { "standby" } else { "primary" });
    attempt.fact("role", role.unwrap_or_else(|| told.why("in_recovery")));
    connections(&mut attempt, limits, told);

    let hidden = told.number("hidden").unwrap_or_default();
    if hidden > 0.0 {
        attempt.fact("not seen", format!("{hidden} sessions of others: grant pg_monitor to see them"));
    }
    transactions(&mut attempt, limits, told);
    let waiting = figure(&mut attempt, "waiting for locks", "waiting_locks", told, |n| n.to_string());
    attempt.figure(Figure::LockWaits, waiting);
    if let Some(waiting) = waiting.filter(|waiting| *waiting > f64::from(limits.waiting_locks)) {
        attempt.find(
            Health::Degraded,
            format!("{waiting} sessions wait for locks, over {}", limits.waiting_locks),
        );
    }
    unjudged(&mut attempt, "waiting for locks", "waiting_locks", told);
    replication(&mut attempt, limits, told, recovery == Some(true));
    storage(&mut attempt, limits, told);
    attempt
}

/// Tells a number as a fact, or why there is none.
fn figure(
    attempt: &mut Attempt,
    label: &str,
    name: &str,
    told: &Told,
    show: impl Fn(f64) -> String,
) -> Option<f64> {
    let number = told.number(name);
    attempt.fact(label, number.map_or_else(|| told.why(name).to_owned(), show));
    number
}

/// A limit whose figure was refused is not kept, and not broken: it is not known.
fn unjudged(attempt: &mut Attempt, label: &str, name: &str, told: &Told) {
    if let Some(why) = told.refused.get(name).filter(|why| *why != NEEDS_MONITOR) {
        attempt.find(Health::Unknown, format!("{label}: {why}"));
    }
}

fn connections(attempt: &mut Attempt, limits: &PostgresLimits, told: &Told) {
    let missing = ["connections", "max_connections"].into_iter().find(|name| told.number(name).is_none());
    let (Some(used), Some(most)) = (told.number("connections"), told.number("max_connections")) else {
        let why = missing.and_then(|name| told.refused.get(name));
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        attempt.find(Health::Unknown, format!("it does not tell its connections{why}"));
        return;
    };
    let reserved = told.number("reserved_connections").unwrap_or_default();
    attempt.fact("connections", format!("{used} of {most}, {reserved} reserved"));
    attempt.figure(Figure::Connections, Some(used));
    limit(attempt, "connections", used, most - reserved, limits.connections);
}

/// Of transactions that are hidden from us nothing is said; one that is seen may be too old already.
fn transactions(attempt: &mut Attempt, limits: &PostgresLimits, told: &Told) {
    const NAME: &str = "oldest_transaction_s";
    const LABEL: &str = "oldest transaction";
    let seen = seconds(told.number("oldest_seen_s"));
    let oldest = seconds(told.number(NAME));
    match (oldest, seen) {
        (Some(oldest), _) => attempt.fact(LABEL, Age(oldest).to_string()),
        (None, Some(seen)) => attempt.fact(LABEL, format!("at least {}; {}", Age(seen), told.why(NAME))),
        (None, None) => attempt.fact(LABEL, told.why(NAME)),
    }
    attempt.figure(Figure::OldestTransaction, oldest.map(millis));
    if let Some(oldest) = oldest.max(seen).filter(|oldest| *oldest > limits.oldest_transaction) {
        attempt.find(
            Health::Degraded,
            format!("a transaction is open for {}, over {}", Age(oldest), Age(limits.oldest_transaction)),
        );
    }
    unjudged(attempt, LABEL, NAME, told);
}

fn replication(attempt: &mut Attempt, limits: &PostgresLimits, told: &Told, standby: bool) {
    if !standby && told.number("replicas") == Some(0.0) {
        return;
    }
    figure(attempt, "replicas", "replicas", told, |n| n.to_string());
    if standby {
        link(attempt, told);
    }
    let name = if standby { "replication_lag_s" } else { "replicas_lag_s" };
    let lag = seconds(told.number(name));
    attempt.fact(
        "replication lag",
        lag.map_or_else(|| told.why(name).to_owned(), |lag| format!("{} ms", lag.as_millis())),
    );
    attempt.figure(Figure::ReplicationLag, lag.map(millis));
    if let Some(lag) = lag.filter(|lag| *lag > limits.replication_lag) {
        attempt.find(
            Health::Degraded,
            format!("replication is {} behind, over {}", Age(lag), Age(limits.replication_lag)),
        );
    }
    if standby && lag.is_none() && told.figures.contains_key(name) {
        attempt.find(Health::Unknown, "its lag is not known: it has replayed no transaction yet");
    }
    unjudged(attempt, "replication lag", name, told);
}

/// Where a standby's WAL comes from. One that reads an archive instead has no link, and none is missed;
/// which it is only a role with `pg_monitor` may know.
fn link(attempt: &mut Attempt, told: &Told) {
    let streams = told.figures.get("streams").and_then(Value::as_bool);
    match (told.number("wal_receivers"), streams) {
        (None, _) => attempt.fact("link to the primary", told.why("wal_receivers")),
        (Some(0.0), Some(false)) => attempt.fact("link to the primary", "none is configured"),
        (Some(0.0), None) => attempt.fact("link to the primary", format!("none; {NEEDS_MONITOR}")),
        (Some(0.0), Some(true)) => {
            attempt.fact("link to the primary", "down");
            attempt.find(Health::Degraded, "its link to the primary is down");
        }
        (Some(_), _) => attempt.fact("link to the primary", "up"),
    }
}

fn storage(attempt: &mut Attempt, limits: &PostgresLimits, told: &Told) {
    let size = figure(attempt, "size", "size", told, |size| Bytes(size as u64).to_string());
    attempt.figure(Figure::DatabaseSize, size);
    if let Some(most) = limits.size {
        if let Some(size) = size.map(|size| Bytes(size as u64)).filter(|size| *size > most) {
            attempt.find(Health::Degraded, format!("the database has {size}, over {most}"));
        }
        unjudged(attempt, "size", "size", told);
    }
    let hit = figure(attempt, "cache hits", "cache_hit_pct", told, |hit| format!("{hit:.1}%"));
    attempt.figure(Figure::CacheHits, hit);
    if let Some(least) = limits.cache_hit {
        if let Some(hit) = hit.filter(|hit| *hit < f64::from(least.0)) {
            attempt.find(Health::Degraded, format!("the cache answers {hit:.1}% of reads, under {least}"));
        }
        unjudged(attempt, "cache hits", "cache_hit_pct", told);
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn seconds(value: Option<f64>) -> Option<Duration> {
    value.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Percent;
    use serde_json::json;

    fn told(figures: &serde_json::Value) -> Told {
        let mut told = Told::default();
        assert!(told.take(Some(&figures.to_string())));
        told.settle();
        told
    }

    fn fact<'a>(attempt: &'a Attempt, label: &str) -> &'a str {
        attempt.facts.iter().find(|(known, _)| known == label).map_or("", |(_, value)| value)
    }

    fn limits() -> PostgresLimits {
        PostgresLimits {
            connections: Percent(80.0),
            oldest_transaction: Duration::from_secs(300),
            waiting_locks: 5,
            replication_lag: Duration::from_secs(30),
            size: Some(Bytes(1024)),
            cache_hit: Some(Percent(90.0)),
        }
    }

    #[test]
    fn every_limit_is_judged() {
        let figures = json!({
            "connections": 96, "max_connections": 100, "reserved_connections": 3, "hidden": 0,
            "oldest_transaction_s": 600.5, "waiting_locks": 6, "in_recovery": true,
            "replication_lag_s": 31, "size": 2000, "cache_hit_pct": 50.0,
        });
        let Attempt { verdict, figures, .. } = judge(&limits(), &told(&figures));
        assert_eq!(
            figures,
            [
                (Figure::Connections, 96.0),
                (Figure::OldestTransaction, 600_500.0),
                (Figure::LockWaits, 6.0),
                (Figure::ReplicationLag, 31_000.0),
                (Figure::DatabaseSize, 2000.0),
                (Figure::CacheHits, 50.0),
            ]
        );
        assert_eq!(verdict.health, Health::Degraded);
        assert_eq!(
            verdict.reason,
            "connections: 99% used, over 80%; a transaction is open for 10m, over 5m; 6 sessions wait for locks, \
             over 5; replication is 31s behind, over 30s; the database has 2.0K, over 1.0K; the cache answers \
             50.0% of reads, under 90%"
        );
    }

    #[test]
    fn a_standby_that_should_stream_and_does_not_is_degraded() {
        let judged = |receivers: u32, streams: &serde_json::Value| {
            let figures = json!({"connections": 1, "max_connections": 100, "in_recovery": true,
                "replicas": 0, "replication_lag_s": 0, "wal_receivers": receivers, "streams": streams});
            let attempt = judge(&limits(), &told(&figures));
            (attempt.verdict.reason.clone(), fact(&attempt, "link to the primary").to_owned())
        };
        assert_eq!(judged(1, &json!(true)), (String::new(), "up".into()));
        assert_eq!(judged(0, &json!(true)), ("its link to the primary is down".into(), "down".into()));
        assert_eq!(judged(0, &json!(false)), (String::new(), "none is configured".into()));
        assert_eq!(judged(0, &json!(null)).1, format!("none; {NEEDS_MONITOR}"));
        let behind = json!({"connections": 1, "max_connections": 100, "in_recovery": true,
            "replicas": 0, "replication_lag_s": null, "wal_receivers": 1, "streams": true});
        assert_eq!(judge(&limits(), &told(&behind)).verdict.health, Health::Unknown);
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        assert_eq!(judge(&limits(), &Told::default()).verdict.health, Health::Unknown);
        let figures = json!({"connections": 1, "max_connections": 100});
        assert_eq!(fact(&judge(&limits(), &told(&figures)), "cache hits"), "unknown");
    }

    #[test]
    fn a_figure_that_is_refused_is_told_beside_the_others() {
        let mut told = told(&json!({"connections": 1, "max_connections": 100, "replicas": 0}));
        told.refuse("size", "permission denied for function pg_database_size".to_owned());
        let attempt = judge(&limits(), &told);
        assert_eq!(fact(&attempt, "connections"), "1 of 100, 0 reserved");
        assert_eq!(attempt.figures, [(Figure::Connections, 1.0)], "what is not told is no zero");
        assert_eq!(fact(&attempt, "size"), "permission denied for function pg_database_size");
        assert_eq!(
            (attempt.verdict.health, attempt.verdict.reason.as_str()),
            (Health::Unknown, "size: permission denied for function pg_database_size")
        );
        let attempt = judge(&PostgresLimits { size: None, ..limits() }, &told);
        assert_eq!(attempt.verdict.health, Health::Up, "nothing is judged by the size");
    }

    #[test]
    fn of_transactions_that_are_hidden_only_the_seen_are_judged() {
        let figures = |seen| {
            told(&json!({"connections": 1, "max_connections": 100, "hidden": 3, "replicas": 0,
                "oldest_transaction_s": null, "oldest_seen_s": seen}))
        };
        let none = judge(&limits(), &figures(json!(null)));
        assert_eq!(fact(&none, "oldest transaction"), NEEDS_MONITOR);
        assert_eq!(none.verdict.health, Health::Up);
        let old = judge(&limits(), &figures(json!(600)));
        assert!(fact(&old, "oldest transaction").starts_with("at least 10m; not allowed"));
        assert_eq!(old.verdict.health, Health::Degraded);
    }
}
