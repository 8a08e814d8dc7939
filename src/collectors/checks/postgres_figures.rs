//! The figures that PostgreSQL is asked for: all by one query, and where that fails each by itself,
//! so that one which is refused costs none of the others.
//!
//! Views and functions as in PostgreSQL's manual, chapter "Monitoring Database Activity"; they are
//! there since PostgreSQL 10.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A figure: its name in conditions, and an expression whose value it is.
pub type Figure = (&'static str, &'static str);

/// Every figure. Of others' sessions a role without `pg_monitor` sees that they are there, and
/// nothing else: what would be counted from them is null then, never zero.
pub const FIGURES: &[Figure] = &[
    ("version", "current_setting('server_version')"),
    ("in_recovery", "pg_is_in_recovery()"),
    ("max_connections", "current_setting('max_connections')::int"),
    ("reserved_connections", "current_setting('superuser_reserved_connections')::int"),
    ("hidden", "SELECT count(*) FROM pg_stat_activity WHERE query = '<insufficient privilege>'"),
    (
        "connections",
        "SELECT CASE WHEN count(*) FILTER (WHERE query = '<insufficient privilege>') = 0 \
         THEN count(*) FILTER (WHERE backend_type = 'client backend') \
         ELSE (SELECT sum(numbackends) FROM pg_stat_database) END FROM pg_stat_activity",
    ),
    (
        "oldest_transaction_s",
        "SELECT CASE WHEN count(*) FILTER (WHERE query = '<insufficient privilege>') = 0 \
         THEN coalesce(extract(epoch FROM max(clock_timestamp() - xact_start) \
         FILTER (WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())), 0) END \
         FROM pg_stat_activity",
    ),
    (
        "oldest_seen_s",
        "SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    ),
    (
        "idle_in_transaction",
        "SELECT CASE WHEN count(*) FILTER (WHERE query = '<insufficient privilege>') = 0 \
         THEN count(*) FILTER (WHERE state LIKE 'idle in transaction%') END FROM pg_stat_activity",
    ),
    ("waiting_locks", "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"),
    // A standby whose link is gone has replayed all that it received, too: that is no lag of zero.
    ("wal_receivers", "SELECT count(*) FROM pg_stat_wal_receiver"),
    ("streams", "SELECT setting <> '' FROM pg_settings WHERE name = 'primary_conninfo'"),
    (
        "replication_lag_s",
        "CASE WHEN NOT pg_is_in_recovery() THEN NULL \
         WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() \
         AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0 \
         ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END",
    ),
    ("replicas", "SELECT count(*) FROM pg_stat_replication"),
    // Of a replica that has everything and hears nothing new no lag is told.
    (
        "replicas_lag_s",
        "SELECT extract(epoch FROM max(CASE WHEN pg_is_in_recovery() THEN replay_lag \
         WHEN replay_lsn >= pg_current_wal_lsn() THEN interval '0' ELSE replay_lag END)) \
         FROM pg_stat_replication",
    ),
    ("size", "pg_database_size(current_database())"),
    (
        "cache_hit_pct",
        "SELECT 100.0 * blks_hit / nullif(blks_hit + blks_read, 0) \
         FROM pg_stat_database WHERE datname = current_database()",
    ),
];

/// What counts others' sessions.
const OF_OTHERS: &[&str] = &["oldest_transaction_s", "idle_in_transaction"];

/// What a role without `pg_monitor` is told.
pub const NEEDS_MONITOR: &str = "not allowed: grant pg_monitor to see others' sessions";

/// One query for some figures, which gives one JSON object.
///
/// It is one message of the simple protocol without `BEGIN`: PostgreSQL runs it in a transaction that
/// ends with the message, also by an error. So the settings reach nobody else's queries, and nothing is
/// left open, on a connection that a pooler such as `PgBouncer` gives to the next client, in each of its
/// modes.
pub fn query(figures: &[Figure], millis: u128) -> String {
    let all: Vec<String> = figures.iter().map(|(name, sql)| format!("'{name}', ({})", select(sql))).collect();
    format!(
        "SET LOCAL transaction_read_only = on; SET LOCAL statement_timeout = {millis}; \
         SELECT json_build_object({})",
        all.join(", ")
    )
}

fn select(sql: &str) -> String {
    if sql.starts_with("SELECT ") { sql.to_owned() } else { format!("SELECT {sql}") }
}

/// What was told, and what was not and why.
#[derive(Debug, Default)]
pub struct Told {
    /// Figures by name.
    pub figures: Map<String, Value>,
    /// The names of those that were asked for and not given, each with its reason.
    pub refused: BTreeMap<&'static str, String>,
}

impl Told {
    /// Takes a query's answer; false where it is none.
    pub fn take(&mut self, answer: Option<&str>) -> bool {
        let Some(Ok(Value::Object(figures))) = answer.map(serde_json::from_str) else { return false };
        self.figures.extend(figures);
        true
    }

    /// Puts what is null for want of a role among the refused.
    pub fn settle(&mut self) {
        if self.number("hidden").is_some_and(|hidden| hidden > 0.0) {
            for name in OF_OTHERS {
                if self.figures.get(*name).is_some_and(Value::is_null) {
                    self.refuse(name, NEEDS_MONITOR.to_owned());
                }
            }
            if self.number("replicas").is_some_and(|it| it > 0.0) && self.number("replicas_lag_s").is_none() {
                self.refuse("replicas_lag_s", NEEDS_MONITOR.to_owned());
            }
        }
    }

    /// Leaves out a figure for a reason.
    pub fn refuse(&mut self, name: &'static str, why: String) {
        self.figures.remove(name);
        self.refused.entry(name).or_insert(why);
    }

    /// A figure that is a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.figures.get(name).and_then(Value::as_f64)
    }

    /// Why there is no such figure.
    pub fn why(&self, name: &str) -> &str {
        self.refused.get(name).map_or("unknown", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_opens_nothing_that_an_error_would_leave_open() {
        for text in [query(FIGURES, 500), query(&FIGURES[..1], 500)] {
            assert!(!text.contains("BEGIN") && !text.contains("SET statement"), "{text}");
            assert!(text.contains("SET LOCAL statement_timeout = 500;"), "{text}");
        }
    }

    #[test]
    fn what_others_hide_is_refused_and_not_null_or_zero() {
        let mut told = Told::default();
        assert!(told.take(Some(
            r#"{"hidden": 2, "oldest_transaction_s": null, "idle_in_transaction": null, "replicas": 1,
                "replicas_lag_s": null, "replication_lag_s": null}"#
        )));
        told.settle();
        let refused: Vec<_> = told.refused.keys().copied().collect();
        assert_eq!(refused, ["idle_in_transaction", "oldest_transaction_s", "replicas_lag_s"]);
        assert!(!told.take(Some("[]")) && !told.take(None));
    }
}
