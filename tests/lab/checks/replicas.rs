//! Replicas of the test's own on db-1: a standby that streams from the lab's PostgreSQL, and two Redis of
//! which one copies the other; with the link, behind, and without it.

use std::time::Duration;

use midwatch::domain::check::CheckResult;
use midwatch::domain::health::Health;

use super::{Bench, fact, verdict};
use crate::lab::Lab;

/// What was started there, ended when the test ends, however it does.
struct Started<'a> {
    lab: &'a Lab,
    end: &'static str,
}

impl<'a> Started<'a> {
    fn by(lab: &'a Lab, begin: &str, end: &'static str) -> Self {
        let this = Self { lab, end };
        this.finish();
        this.sh(begin);
        this
    }

    fn sh(&self, script: &str) -> String {
        let done = self.lab.ssh("db-1", &format!("set -e; {script}"));
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn finish(&self) {
        self.lab.ssh("db-1", self.end);
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A copy of the lab's PostgreSQL that streams from it, on port 5440.
const STANDBY: &str = r#"dir=/tmp/e2e-standby bin=/usr/lib/postgresql/17/bin
sudo -u postgres $bin/pg_basebackup -D $dir -R -c fast -X stream
sudo -u postgres sh -c "cp /etc/postgresql/17/main/pg_hba.conf $dir/
printf '%s\n' 'port = 5440' \"unix_socket_directories = '/tmp'\" 'shared_buffers = 8MB' \
    'max_connections = 40' 'wal_retrieve_retry_interval = 200ms' >$dir/postgresql.conf
$bin/pg_ctl -D $dir -l $dir/log -w -t 20 start >/dev/null""#;
const NO_STANDBY: &str = "sudo -u postgres /usr/lib/postgresql/17/bin/pg_ctl -D /tmp/e2e-standby -m immediate stop; \
    sudo rm -rf /tmp/e2e-standby; \
    sudo -u postgres psql -qc 'DROP TABLE IF EXISTS e2e_replica'";

fn postgres(lab: &Lab, port: u16, user: &str, rest: &str) -> String {
    format!(
        "host = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\ndatabase = \"shop\"\nfrom = \"db-1\"\n\
         password = {{ file = \"{}\" }}\n{rest}",
        lab.at("/postgres/password_file")
    )
}

/// Makes a check again until its verdict is as it should be.
async fn until(bench: &Bench, kind: &str, rest: &str, is: impl Fn(&CheckResult) -> bool) -> CheckResult {
    let mut last = String::new();
    for _ in 0..50 {
        let result = bench.one(kind, rest).await;
        last = format!("{} {:?}", verdict(&result), result.facts);
        if is(&result) {
            return result;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{kind} is {last}");
}

fn is_up(result: &CheckResult) -> bool {
    verdict(result) == "up: "
}

fn millis(result: &CheckResult, label: &str) -> u64 {
    let number = fact(result, label).strip_suffix(" ms").and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("{label}: {:?}", result.facts))
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_a_standby_tells_its_lag_and_a_link_that_is_down() {
    const SLOW: &str = "[checks.it.limits]\nreplication_lag = \"1s\"";
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let standby = Started::by(&lab, STANDBY, NO_STANDBY);
    standby.sh("sudo -u postgres psql -qc 'CREATE TABLE e2e_replica (n int)'");
    let primary = postgres(&lab, 5432, "shop", "condition = 'json.replicas == 1'");
    let copy = |rest| postgres(&lab, 5440, "shop", rest);

    let well = until(&bench, "postgres", &copy(""), is_up).await;
    assert_eq!((fact(&well, "role"), fact(&well, "link to the primary")), ("standby", "up"));
    assert!(millis(&well, "replication lag") < 1000, "{:?}", well.facts);
    let idle = |it: &CheckResult| is_up(it) && fact(it, "replication lag").ends_with(" ms");
    let one = until(&bench, "postgres", &primary, idle).await;
    assert_eq!(fact(&one, "replicas"), "1");

    // It receives and does not replay: both ends tell how far it is behind.
    standby.sh("sudo -u postgres psql -qh /tmp -p 5440 -c 'SELECT pg_wal_replay_pause()' >/dev/null; \
        sudo -u postgres psql -qc 'INSERT INTO e2e_replica SELECT generate_series(1, 1000)'");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let behind = |it: &CheckResult| {
        verdict(it).starts_with("degraded: replication is ") && verdict(it).ends_with("over 1s")
    };
    let slow = until(&bench, "postgres", &copy(SLOW), behind).await;
    assert!(millis(&slow, "replication lag") > 1000, "{:?}", slow.facts);
    let seen = until(&bench, "postgres", &postgres(&lab, 5432, "shop", SLOW), behind).await;
    assert!(millis(&seen, "replication lag") > 1000, "{:?}", seen.facts);
    standby.sh("sudo -u postgres psql -qh /tmp -p 5440 -c 'SELECT pg_wal_replay_resume()' >/dev/null");
    until(&bench, "postgres", &copy(SLOW), is_up).await;

    // It has replayed all that it received, which is nothing any more.
    let point = |to: &str| {
        standby.sh(&format!(
            "sudo -u postgres psql -qh /tmp -p 5440 -c \"ALTER SYSTEM {to}\" -c 'SELECT pg_reload_conf()' >/dev/null"
        ))
    };
    let right = standby.sh("sudo grep ^primary_conninfo /tmp/e2e-standby/postgresql.auto.conf");
    point("SET primary_conninfo = 'host=127.0.0.1 port=1'");
    let broken = |it: &CheckResult| verdict(it).starts_with("degraded: its link to the primary is down");
    let cut = until(&bench, "postgres", &copy(""), broken).await;
    assert_eq!(fact(&cut, "link to the primary"), "down");
    let none = until(&bench, "postgres", &primary, |it| it.verdict.health == Health::Down).await;
    assert_eq!(verdict(&none), "down: json.replicas is 0, not 1");
    // Who may not know whether there should be a link is not told that all is well.
    let visitor = bench.one("postgres", &postgres(&lab, 5440, "visitor", "")).await;
    assert!(fact(&visitor, "link to the primary").starts_with("none; not allowed"), "{:?}", visitor.facts);
    assert_ne!(fact(&visitor, "replication lag"), "0 ms");

    let right = right.trim().split_once(" = ").unwrap().1;
    point(&format!("SET primary_conninfo = {right}"));
    until(&bench, "postgres", &copy(""), is_up).await;
    until(&bench, "postgres", &primary, is_up).await;
}

/// A primary on port 6391, and its copy on 6390.
const PAIR: &str = "redis-server --port 6391 --bind 127.0.0.1 --save '' --daemonize yes --dir /tmp >/dev/null; \
    redis-server --port 6390 --bind 127.0.0.1 --save '' --daemonize yes --dir /tmp --repl-diskless-sync-delay 0 \
    --replicaof 127.0.0.1 6391 >/dev/null";
const NO_PAIR: &str = "redis-cli -p 6390 shutdown nosave; redis-cli -p 6391 shutdown nosave";

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_redis_replica_tells_its_link_and_since_when_it_is_down() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let at = |port: u16| format!("host = \"127.0.0.1\"\nport = {port}\nfrom = \"db-1\"");
    let pair = Started::by(&lab, PAIR, NO_PAIR);
    let well = until(&bench, "redis", &at(6390), is_up).await;
    assert_eq!((fact(&well, "role"), fact(&well, "replication")), ("slave", "link up"));
    let primary = bench.one("redis", &at(6391)).await;
    assert_eq!((verdict(&primary).as_str(), fact(&primary, "replicas")), ("up: ", "1"));

    pair.sh("redis-cli -p 6391 shutdown nosave");
    let down = |it: &CheckResult| verdict(it).starts_with("degraded: its link to the primary is down for ");
    let cut = until(&bench, "redis", &at(6390), down).await;
    assert_eq!(fact(&cut, "replication"), "link down");
    assert_eq!(bench.one("redis", &at(6391)).await.verdict.health, Health::Down, "the primary is gone");

    pair.sh("redis-server --port 6391 --bind 127.0.0.1 --save '' --daemonize yes --dir /tmp >/dev/null");
    until(&bench, "redis", &at(6390), is_up).await;

    // One that never had a link is not "down for" a time.
    pair.sh("redis-cli -p 6390 shutdown nosave; \
        redis-server --port 6390 --bind 127.0.0.1 --save '' --daemonize yes --dir /tmp --replicaof 127.0.0.1 1 >/dev/null");
    let never = |it: &CheckResult| verdict(it) == "degraded: its link to the primary was never up";
    until(&bench, "redis", &at(6390), never).await;
}
