//! Judging PostgreSQL's figures.

use std::time::Duration;

use serde_json::Value;

use super::attempt::Attempt;
use super::database::limit;
use crate::config::checks::postgres::PostgresLimits;
use crate::domain::health::Health;
use crate::domain::quantity::Bytes;
use crate::domain::time::Age;

/// Judges the figures. One that is missing is told as unknown, never as zero.
pub fn judge(limits: &PostgresLimits, figures: &Value) -> Attempt {
    let mut attempt = Attempt::answered(Duration::ZERO);
    let number = |name: &str| figures.get(name).and_then(Value::as_f64);
    let version = figures.get("version").and_then(Value::as_str).unwrap_or_default();
    let recovery = figures.get("in_recovery").and_then(Value::as_bool);
    attempt.fact("version", version);
    attempt.fact("role", recovery.map_or("unknown", |standby| if standby { "standby" } else { "primary" }));
    let (Some(used), Some(most)) = (number("connections"), number("max_connections")) else {
        attempt.find(Health::Unknown, "it does not tell its connections");
        return attempt;
    };
    let reserved = number("reserved_connections").unwrap_or_default();
    attempt.fact("connections", format!("{used} of {most}, {reserved} reserved"));
    limit(&mut attempt, "connections", used, most - reserved, limits.connections);

    let hidden = number("hidden").unwrap_or_default();
    if hidden > 0.0 {
        attempt.fact("not seen", format!("{hidden} sessions of others: grant pg_monitor to see them"));
    }
    let oldest = seconds(number("oldest_transaction_s"));
    let at_least = if hidden > 0.0 { "at least " } else { "" };
    attempt.fact(
        "oldest transaction",
        oldest.map_or("unknown".to_owned(), |it| format!("{at_least}{}", Age(it))),
    );
    if let Some(oldest) = oldest.filter(|oldest| *oldest > limits.oldest_transaction) {
        attempt.find(
            Health::Degraded,
            format!("a transaction is open for {}, over {}", Age(oldest), Age(limits.oldest_transaction)),
        );
    }
    let waiting = number("waiting_locks");
    attempt.fact("waiting for locks", waiting.map_or("unknown".to_owned(), |n| n.to_string()));
    if let Some(waiting) = waiting.filter(|waiting| *waiting > f64::from(limits.waiting_locks)) {
        attempt.find(
            Health::Degraded,
            format!("{waiting} sessions wait for locks, over {}", limits.waiting_locks),
        );
    }
    replication(&mut attempt, limits, figures, recovery == Some(true));
    storage(&mut attempt, limits, number("size"), number("cache_hit_pct"));
    attempt
}

fn replication(attempt: &mut Attempt, limits: &PostgresLimits, figures: &Value, standby: bool) {
    let number = |name: &str| figures.get(name).and_then(Value::as_f64);
    let replicas = number("replicas").unwrap_or_default();
    let lag = seconds(number(if standby { "replication_lag_s" } else { "replicas_lag_s" }));
    if !standby && replicas == 0.0 {
        return;
    }
    attempt.fact("replicas", replicas.to_string());
    attempt
        .fact("replication lag", lag.map_or("unknown".to_owned(), |lag| format!("{} ms", lag.as_millis())));
    if let Some(lag) = lag.filter(|lag| *lag > limits.replication_lag) {
        attempt.find(
            Health::Degraded,
            format!("replication is {} behind, over {}", Age(lag), Age(limits.replication_lag)),
        );
    }
}

fn storage(attempt: &mut Attempt, limits: &PostgresLimits, size: Option<f64>, hit: Option<f64>) {
    if let Some(size) = size.map(|size| Bytes(size as u64)) {
        attempt.fact("size", size.to_string());
        if let Some(most) = limits.size.filter(|most| size > *most) {
            attempt.find(Health::Degraded, format!("the database has {size}, over {most}"));
        }
    }
    attempt.fact("cache hits", hit.map_or("unknown".to_owned(), |hit| format!("{hit:.1}%")));
    if let (Some(hit), Some(least)) = (hit, limits.cache_hit)
        && hit < f64::from(least.0)
    {
        attempt.find(Health::Degraded, format!("the cache answers {hit:.1}% of reads, under {least}"));
    }
}

fn seconds(value: Option<f64>) -> Option<Duration> {
    value.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Percent;
    use serde_json::json;

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
        let verdict = judge(&limits(), &figures).verdict;
        assert_eq!(verdict.health, Health::Degraded);
        assert_eq!(
            verdict.reason,
            "connections: 99% used, over 80%; a transaction is open for 10m, over 5m; 6 sessions wait for locks, \
             over 5; replication is 31s behind, over 30s; the database has 2.0K, over 1.0K; the cache answers \
             50.0% of reads, under 90%"
        );
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        assert_eq!(judge(&limits(), &json!({})).verdict.health, Health::Unknown);
        let figures = json!({"connections": 1, "max_connections": 100});
        let attempt = judge(&limits(), &figures);
        assert!(attempt.facts.contains(&("cache hits".to_owned(), "unknown".to_owned())));
    }
}
