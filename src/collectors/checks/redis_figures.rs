//! The fields of Redis's `INFO`, and what is wrong by them. Pure.

use std::time::Duration;

use serde_json::{Map, Value};

use super::attempt::Attempt;
use super::database::limit;
use crate::config::checks::RedisCheck;
use crate::domain::figure::Figure;
use crate::domain::health::Health;
use crate::domain::quantity::Bytes;

/// `INFO`'s fields by name, numbers as numbers.
pub fn figures(info: &str) -> Map<String, Value> {
    info.lines()
        .filter_map(|line| line.trim_end().split_once(':'))
        .map(|(name, value)| {
            let number =
                value.parse::<i64>().map(Value::from).or_else(|_| value.parse::<f64>().map(Value::from));
            (name.to_owned(), number.unwrap_or_else(|_| Value::from(value)))
        })
        .collect()
}

/// Judges the fields of `INFO`; `rate` is evictions a minute, where two looks tell it.
pub fn verdict(check: &RedisCheck, figures: &Map<String, Value>, rate: Option<f64>) -> Attempt {
    let number = |name: &str| figures.get(name).and_then(Value::as_f64);
    let word = |name: &str| figures.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut attempt = Attempt::answered(Duration::ZERO);
    let (Some(used), Some(clients)) = (number("used_memory"), number("connected_clients")) else {
        attempt.find(Health::Unknown, "its INFO does not tell memory and clients");
        return attempt;
    };
    attempt.fact("version", figures.get("redis_version").map(text).unwrap_or_default());
    attempt.fact("role", word("role"));
    let most = number("maxmemory").filter(|most| *most > 0.0);
    attempt.figure(Figure::MemoryUsed, Some(used));
    attempt.figure(Figure::MemoryShare, most.map(|most| used / most * 100.0));
    match most {
        Some(most) => {
            attempt.fact("memory", format!("{} of {}", Bytes(used as u64), Bytes(most as u64)));
            if used >= most && word("maxmemory_policy") == "noeviction" {
                attempt.find(Health::Down, "its memory is full, and it refuses to write");
            } else {
                limit(&mut attempt, "memory", used, most, check.limits.memory);
            }
        }
        None => attempt.fact("memory", format!("{}, no limit", Bytes(used as u64))),
    }
    let evicted = number("evicted_keys").unwrap_or_default();
    attempt.fact(
        "evictions",
        rate.map_or_else(|| format!("{evicted} since its start"), |rate| format!("{rate:.0} a minute")),
    );
    attempt.figure(Figure::Evictions, rate.map(|rate| rate / 60.0));
    if let (Some(rate), Some(most)) = (rate, check.limits.evictions)
        && rate > f64::from(most)
    {
        attempt.find(Health::Degraded, format!("it evicts {rate:.0} keys a minute, over {most}"));
    }
    let room = number("maxclients").map(|most| format!(" of {most}")).unwrap_or_default();
    attempt.fact("clients", format!("{clients}{room}"));
    attempt.figure(Figure::Clients, Some(clients));
    if let Some(most) = check.limits.clients.filter(|most| clients > f64::from(*most)) {
        attempt.find(Health::Degraded, format!("{clients} clients, over {most}"));
    }
    persistence(&mut attempt, figures);
    replication(&mut attempt, figures);
    attempt
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn persistence(attempt: &mut Attempt, figures: &Map<String, Value>) {
    let word = |name: &str| figures.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| figures.get(name).and_then(Value::as_i64).unwrap_or_default();
    if number("loading") == 1 {
        attempt.find(Health::Down, "it is still loading its data");
    }
    let changes = number("rdb_changes_since_last_save");
    attempt.fact("snapshot", format!("last {}, {changes} changes since", word("rdb_last_bgsave_status")));
    if word("rdb_last_bgsave_status") == "err" {
        attempt.find(Health::Degraded, "its last snapshot failed");
    }
    if number("aof_enabled") == 1 {
        let state = format!(
            "writes {}, rewrite {}",
            word("aof_last_write_status"),
            word("aof_last_bgrewrite_status")
        );
        attempt.fact("append-only file", state);
        for (field, what) in
            [("aof_last_write_status", "write to"), ("aof_last_bgrewrite_status", "rewrite of")]
        {
            if word(field) == "err" {
                attempt.find(Health::Degraded, format!("the last {what} its append-only file failed"));
            }
        }
    } else {
        attempt.fact("append-only file", "off");
    }
}

fn replication(attempt: &mut Attempt, figures: &Map<String, Value>) {
    let word = |name: &str| figures.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| figures.get(name).and_then(Value::as_i64).unwrap_or_default();
    if word("role") == "slave" {
        attempt.fact("replication", format!("link {}", word("master_link_status")));
        let up = figures.get("master_link_status").and_then(Value::as_str).map(|status| status == "up");
        attempt.figure(Figure::ReplicationLink, up.map(|up| f64::from(u8::from(up))));
        if word("master_link_status") != "up" {
            // Below zero where it was never up.
            let reason = match number("master_link_down_since_seconds") {
                ..0 => "its link to the primary was never up".to_owned(),
                since => format!("its link to the primary is down for {since} s"),
            };
            attempt.find(Health::Degraded, reason);
        }
    } else {
        attempt.fact("replicas", number("connected_slaves").to_string());
        attempt.figure(Figure::Replicas, figures.get("connected_slaves").and_then(Value::as_f64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::checks::redis::RedisLimits;
    use crate::domain::quantity::Percent;

    fn check() -> RedisCheck {
        let at = crate::config::checks::DatabaseAt::Parts {
            host: "h".into(),
            port: 1,
            user: None,
            password: None,
            database: None,
        };
        let limits = RedisLimits { memory: Percent(80.0), clients: Some(10), evictions: Some(5) };
        RedisCheck { at, from: Vec::new(), tls: false, ca: None, limits, condition: None }
    }

    fn reason(info: &str, rate: Option<f64>) -> (Health, String) {
        let verdict = verdict(&check(), &figures(info), rate).verdict;
        (verdict.health, verdict.reason)
    }

    #[test]
    fn limits_and_failures_are_found() {
        let base = "used_memory:50\r\nmaxmemory:100\r\nconnected_clients:2\r\nrdb_last_bgsave_status:ok\r\n";
        assert_eq!(reason(base, None).0, Health::Up);
        assert_eq!(reason(base, Some(6.0)).1, "it evicts 6 keys a minute, over 5");
        let full =
            "used_memory:100\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\nconnected_clients:2\r\n";
        assert_eq!(reason(full, None), (Health::Down, "its memory is full, and it refuses to write".into()));
        let busy = "used_memory:90\r\nmaxmemory:100\r\nconnected_clients:11\r\nrole:slave\r\nmaster_link_status:down\r\n";
        assert_eq!(
            reason(busy, None).1,
            "memory: 90% used, over 80%; 11 clients, over 10; its link to the primary is down for 0 s"
        );
        let never = "used_memory:1\r\nconnected_clients:1\r\nrole:slave\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:-1\r\n";
        assert_eq!(reason(never, None).1, "its link to the primary was never up");
        assert_eq!(reason("nonsense", None).0, Health::Unknown);
    }

    #[test]
    fn what_can_be_charted_is_told_as_numbers_and_what_is_unknown_is_not() {
        let told = |info: &str, rate| verdict(&check(), &figures(info), rate).figures;
        let (used, share) = (Figure::MemoryUsed, Figure::MemoryShare);
        let replica = "used_memory:90\r\nmaxmemory:200\r\nconnected_clients:11\r\nrole:slave\r\n";
        let down = format!("{replica}master_link_status:down\r\n");
        assert_eq!(
            told(&down, Some(6.0)),
            [
                (used, 90.0),
                (share, 45.0),
                (Figure::Evictions, 0.1),
                (Figure::Clients, 11.0),
                (Figure::ReplicationLink, 0.0)
            ]
        );
        assert_eq!(told(replica, None), [(used, 90.0), (share, 45.0), (Figure::Clients, 11.0)]);
        let primary =
            "used_memory:90\r\nmaxmemory:0\r\nconnected_clients:1\r\nrole:master\r\nconnected_slaves:2\r\n";
        assert_eq!(told(primary, None), [(used, 90.0), (Figure::Clients, 1.0), (Figure::Replicas, 2.0)]);
        assert_eq!(told("nonsense", None), []);
    }
}
