//! Rehearsing a restore: what stands is never written to, nothing is left, and what is wrong is told.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::store::Store;

const TABLES: &str = "create table orders (id int primary key, at timestamptz, text text); \
     insert into orders select n, now() - n * interval '1 second', md5(n::text) from generate_series(1, 5000) n; \
     create table big as select n, repeat(md5(n::text), 20) as text from generate_series(1, 30000) n; \
     create index on big (text)";

/// What stands, and how many rows were ever written to its tables.
const SUM: &str = "select count(*), md5(string_agg(id || text || at, ',' order by id)), \
     (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables) from orders";

const LEFT: &str = "select count(*) from pg_database where datname ~ '^rehearsed_'";

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_bad_backup_is_found_by_a_drill_which_leaves_nothing() {
    let store = Store::of(
        "rehearsed",
        "kind = \"postgres\"\ndatabase = \"rehearsed\"\nhost = \"/var/run/postgresql\"\nrun_as = \"postgres\"\n\
         drill.assertions = [{ query = \"select count(*) from orders\", greater = 4999 }, \
         { query = \"select max(at) from orders;\", younger = \"25h\" }]",
    );
    store.dropped("rehearsed");
    store.sql("postgres", "create database rehearsed");
    store.sql("rehearsed", TABLES);
    store.back_up(&[]).ends(0);
    let live = store.sql("rehearsed", SUM);

    let told = store.run(&["drill", "rehearsed", "--yes"]).ends(0).text();
    assert!(
        told.contains("2 tables, 2 assertions hold, pg_amcheck finds it sound")
            && told.contains("5000, to be above 4999"),
        "{told}"
    );
    assert_eq!(store.sql("postgres", LEFT), "0");
    let listed = store.run(&["backups", "rehearsed", "--json"]).ends(0).json()["datastores"][0].clone();
    assert_eq!((&listed["last_drill_ok"], &listed["health"]), (&true.into(), &"up".into()), "{listed}");
    assert!((1..20).contains(&listed["measured_rto_s"].as_u64().unwrap()), "{listed}");
    assert!(listed["last_drill_at"].as_str().unwrap() > "2026", "{listed}");

    // Killed in the middle, and given up: the next one takes away what it left.
    let mut console = store
        .command(&["drill", "rehearsed", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while store.sql("postgres", LEFT) == "0" {
        assert!(start.elapsed() < Duration::from_secs(20) && console.try_wait().unwrap().is_none());
    }
    console.kill().unwrap();
    console.wait().unwrap();
    let told = store.run(&["drill", "rehearsed", "--yes"]).ends(2).text();
    let run = told.split("midwatch resume ").nth(1).unwrap();
    let run = run.split(|c: char| c == ')' || c.is_whitespace()).next().unwrap();
    store.run(&["resume", run, "leave"]).ends(4);
    assert_eq!(store.sql("postgres", LEFT), "1");

    // A wrong answer.
    let config = std::fs::read_to_string(store.path("config.toml")).unwrap();
    std::fs::write(store.path("config.toml"), config.replace("greater = 4999", "greater = 5000")).unwrap();
    let told = store.run(&["drill", "rehearsed", "--yes"]).ends(1).text();
    assert!(told.contains("select count(*) from orders: 5000, to be above 5000"), "{told}");
    assert_eq!(store.sql("postgres", LEFT), "0");
    let told = store.run(&["backups", "rehearsed"]).ends(1).text();
    assert!(told.contains("down: its last drill failed"), "{told}");

    // A bit of the repository is another.
    std::fs::write(store.path("config.toml"), config).unwrap();
    store.damage();
    let told = store.run(&["drill", "rehearsed", "--yes"]).ends(1).text();
    assert!(told.contains("failed after"), "{told}");
    assert_eq!(store.sql("postgres", LEFT), "0");
    let listed = store.run(&["backups", "rehearsed", "--json"]).ends(1).json()["datastores"][0].clone();
    assert_eq!(listed["last_drill_ok"], false, "{listed}");
    let shown = store.run(&["status", "--json"]).json()["datastores"][0].clone();
    for field in ["health", "reason", "last_drill_ok", "last_drill_at", "measured_rto_s"] {
        assert_eq!(shown[field], listed[field], "{field}: {shown}");
    }
    assert_eq!(shown["health"], "down", "{shown}");
    assert_eq!(store.sql("rehearsed", SUM), live, "what stands was written to");
}
