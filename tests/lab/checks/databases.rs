//! PostgreSQL 17, Redis 8 and Prometheus as they are.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use midwatch::domain::figure::Figure;
use midwatch::domain::health::Health;

use super::{Bench, fact, verdict};
use crate::lab::Lab;

fn postgres(lab: &Lab, rest: &str) -> String {
    let here = lab.at("/postgres/here");
    let (host, port) = here.rsplit_once(':').unwrap();
    format!(
        "host = \"{host}\"\nport = {port}\nuser = \"shop\"\ndatabase = \"shop\"\npassword = {{ file = \"{}\" }}\n{rest}",
        lab.at("/postgres/password_file")
    )
}

fn redis(lab: &Lab, rest: &str) -> String {
    let here = lab.at("/redis/here");
    let (host, port) = here.rsplit_once(':').unwrap();
    format!(
        "host = \"{host}\"\nport = {port}\npassword = {{ file = \"{}\" }}\n{rest}",
        lab.at("/redis/password_file")
    )
}

/// A statement in a session of its own on db-1, until this is dropped.
struct Session(Child);

impl Session {
    fn start(lab: &Lab, statement: &str) -> Self {
        let password = lab.at("/postgres/password");
        let line = format!("PGPASSWORD={password} psql -h 127.0.0.1 -U shop shop -c \"{statement}\"");
        let child = Command::new("ssh")
            .arg("-nF")
            .arg(lab.path("/ssh_config"))
            .args(["-tt", "db-1", &line])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn postgres_tells_its_figures_from_here_and_from_the_server() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let here = bench.one("postgres", &postgres(&lab, "")).await;
    assert_eq!(verdict(&here), "up: ");
    assert!(fact(&here, "version").starts_with("17."), "{:?}", here.facts);
    assert_eq!(fact(&here, "role"), "primary");
    for label in ["connections", "oldest transaction", "waiting for locks", "size", "cache hits"] {
        assert!(!matches!(fact(&here, label), "" | "unknown"), "{label}: {:?}", here.facts);
    }
    let figure = |of: Figure| here.figures.iter().find(|(figure, _)| *figure == of).map(|(_, value)| *value);
    assert!(figure(Figure::Connections).is_some_and(|it| it >= 1.0), "{:?}", here.figures);
    assert!(figure(Figure::DatabaseSize).is_some_and(|it| it > 1e6), "{:?}", here.figures);
    assert!(figure(Figure::CacheHits).is_some_and(|it| it > 0.0 && it <= 100.0), "{:?}", here.figures);
    assert!(figure(Figure::OldestTransaction).is_some_and(|it| it >= 0.0), "{:?}", here.figures);
    assert_eq!(figure(Figure::ReplicationLag), None, "it has no standby");
    let through = format!(
        "host = \"127.0.0.1\"\nuser = \"shop\"\ndatabase = \"shop\"\npassword = {{ file = \"{}\" }}\nfrom = \"db-1\"",
        lab.at("/postgres/password_file")
    );
    assert_eq!(verdict(&bench.one("postgres", &through).await), "up: ");
    let url = format!(
        "url = {{ command = [\"sh\", \"-c\", 'printf \"postgres://shop:%s@{}/shop\" \"$(cat {})\"'] }}",
        lab.at("/postgres/here"),
        lab.at("/postgres/password_file")
    );
    let by_url = bench.one("postgres", &url).await;
    assert_eq!(verdict(&by_url), "up: ");
    assert!(!format!("{by_url:?}").contains(&lab.at("/postgres/password")));
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_long_transaction_and_a_lock_are_found() {
    let lab = Lab::get();
    let bench = Bench::new(&lab);
    let _holds = Session::start(&lab, "BEGIN; SELECT pg_advisory_lock(4711); SELECT pg_sleep(20)");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _waits = Session::start(&lab, "SELECT pg_advisory_lock(4711)");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let text = postgres(
        &lab,
        "condition = 'json.waiting_locks == 0'\n[checks.it.limits]\noldest_transaction = \"1s\"",
    );
    let result = bench.one("postgres", &text).await;
    assert_eq!(verdict(&result), "down: json.waiting_locks is 1, not 0", "{:?}", result.facts);
    let result =
        bench.one("postgres", &postgres(&lab, "[checks.it.limits]\noldest_transaction = \"1s\"")).await;
    assert!(verdict(&result).starts_with("degraded: a transaction is open for "), "{}", verdict(&result));
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_wrong_password_is_unknown_and_a_missing_database_down() {
    let lab = Lab::get();
    let bench = Bench::new(&lab);
    let wrong = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(wrong.path(), "not-the-password").unwrap();
    let at = |text: String, key: &str| text.replace(&lab.at(key), &wrong.path().display().to_string());
    let result = bench.one("postgres", &at(postgres(&lab, ""), "/postgres/password_file")).await;
    assert!(
        verdict(&result).starts_with("unknown: it does not accept us: password authentication failed"),
        "{}",
        verdict(&result)
    );
    let result = bench.one("redis", &at(redis(&lab, ""), "/redis/password_file")).await;
    assert!(verdict(&result).starts_with("unknown: it does not accept us"), "{}", verdict(&result));
    let none = bench
        .one("postgres", &postgres(&lab, "").replace("database = \"shop\"", "database = \"none\""))
        .await;
    assert!(verdict(&none).starts_with("down: it answers an error: "), "{}", verdict(&none));
}

struct Mend<'a>(&'a Lab, &'static str, String);

impl Drop for Mend<'_> {
    fn drop(&mut self) {
        self.0.ssh(self.1, &self.2);
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_postgres_that_is_stopped_is_down_until_it_is_back() {
    let lab = Lab::get();
    let bench = Bench::new(&lab);
    {
        let _mend = Mend(&lab, "db-1", "sudo systemctl start postgresql@17-main".to_owned());
        lab.ssh("db-1", "sudo systemctl stop postgresql@17-main");
        let stopped = bench.one("postgres", &postgres(&lab, "")).await;
        assert_eq!(stopped.verdict.health, Health::Down, "{}", verdict(&stopped));
    }
    for _ in 0..50 {
        let result = bench.one("postgres", &postgres(&lab, "")).await;
        if result.verdict.health == Health::Up {
            return;
        }
        assert_eq!(result.verdict.health, Health::Down, "{}", verdict(&result));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("it did not come back");
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn fault_redis_that_is_full_is_down_or_evicts() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let well = bench.one("redis", &redis(&lab, "")).await;
    assert_eq!(verdict(&well), "up: ", "{:?}", well.facts);
    let told: Vec<Figure> = well.figures.iter().map(|(figure, _)| *figure).collect();
    assert_eq!(told, [Figure::MemoryUsed, Figure::MemoryShare, Figure::Clients, Figure::Replicas]);
    assert!(well.figures[..3].iter().all(|(_, value)| *value > 0.0), "{:?}", well.figures);
    let inside = format!(
        "host = \"127.0.0.1\"\npassword = {{ file = \"{}\" }}\nfrom = \"db-1\"",
        lab.at("/redis/password_file")
    );
    assert_eq!(verdict(&bench.one("redis", &inside).await), "up: ");

    let cli = format!("redis-cli --no-auth-warning -a {}", lab.at("/redis/password"));
    let policy =
        String::from_utf8(lab.ssh("db-1", &format!("{cli} config get maxmemory-policy")).stdout).unwrap();
    let policy = policy.lines().nth(1).unwrap().to_owned();
    let delete = "for _,k in ipairs(redis.call('keys','midwatch:*')) do redis.call('del',k) end";
    let _mend =
        Mend(&lab, "db-1", format!("{cli} config set maxmemory-policy {policy}; {cli} eval \"{delete}\" 0"));
    let script = "for i=1,60 do redis.pcall('set','midwatch:'..i,string.rep('x',1000000)) end";
    lab.ssh("db-1", &format!("{cli} config set maxmemory-policy noeviction; {cli} eval \"{script}\" 0"));
    // The script itself may not pass the limit; single writes go on until one is refused.
    lab.ssh(
        "db-1",
        &format!("for i in $(seq 100 160); do head -c 900000 /dev/zero | {cli} -x set midwatch:$i; done"),
    );
    let packed = bench.one("redis", &redis(&lab, "")).await;
    assert_eq!(packed.verdict.health, Health::Down, "{} {:?}", verdict(&packed), packed.facts);
    lab.ssh("db-1", &format!("{cli} config set maxmemory-policy allkeys-lru; for i in $(seq 200 230); do head -c 900000 /dev/zero | {cli} -x set midwatch:$i; done"));
    let evicts = bench.one("redis", &redis(&lab, "condition = 'json.evicted_keys == 0'")).await;
    assert!(verdict(&evicts).contains("json.evicted_keys is "), "{}", verdict(&evicts));
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn prometheus_answers_from_here_and_from_its_server() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let check = |name: &str, source: &str, expression: &str| {
        format!(
            "[checks.{name}]\nkind = \"prometheus\"\nsource = \"{source}\"\nexpression = '{expression}'\ncondition = \"value == 1\"\n"
        )
    };
    let mut text = format!(
        "[prometheus.here]\nurl = \"{}\"\n[prometheus.there]\nserver = \"db-1\"\n",
        lab.at("/prometheus")
    );
    text.push_str(&check("up", "here", r#"up{job="prometheus"}"#));
    text.push_str(&check("through", "there", r#"up{job="prometheus"}"#));
    text.push_str(&check("bad", "here", "up{"));
    text.push_str(&check("none", "here", "nothing_of_the_kind"));
    text.push_str(&check("fails", "here", "vector(0)"));
    let results = bench.run(&text).await;
    assert_eq!(verdict(&results["up"]), "up: ");
    assert_eq!(verdict(&results["through"]), "up: ");
    assert!(
        verdict(&results["bad"]).starts_with("unknown: ") && verdict(&results["bad"]).contains("parse error"),
        "{}",
        verdict(&results["bad"])
    );
    assert_eq!(verdict(&results["none"]), "unknown: the expression gives no series");
    assert_eq!(verdict(&results["fails"]), "down: value is 0, not 1");
}
