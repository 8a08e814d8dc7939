//! PostgreSQL through `PgBouncer`, in its transaction and its statement mode, and as a role that may not
//! see everything.

use super::{Bench, fact, verdict};
use crate::lab::Lab;

fn at(lab: &Lab, address: &str, user: &str, database: &str, rest: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap();
    let password = lab.at("/postgres/password_file");
    format!(
        "host = \"{host}\"\nport = {port}\nuser = \"{user}\"\ndatabase = \"{database}\"\npassword = {{ file = \"{password}\" }}\n{rest}"
    )
}

fn databases(lab: &Lab) -> [String; 2] {
    [0, 1].map(|n| lab.at(&format!("/pgbouncer/databases/{n}")))
}

/// One value of a query on db-1, as `user` by the pooler.
fn ask(lab: &Lab, user: &str, database: &str, query: &str) -> String {
    let password = lab.at("/postgres/password");
    let line =
        format!("PGPASSWORD={password} psql -XAtq -h 127.0.0.1 -p 6432 -U {user} {database} -c \"{query}\"");
    let output = lab.ssh("db-1", &line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn postgres_tells_its_figures_through_a_pooler_in_both_modes() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    for database in databases(&lab) {
        for (address, from) in
            [(lab.at("/pgbouncer/here"), ""), ("127.0.0.1:6432".to_owned(), "from = \"db-1\"")]
        {
            // One connection serves all of them, one after the other.
            for _ in 0..3 {
                let result = bench.one("postgres", &at(&lab, &address, "shop", &database, from)).await;
                assert_eq!(verdict(&result), "up: ", "{database} {:?}", result.facts);
                for label in ["connections", "oldest transaction", "waiting for locks", "size", "cache hits"]
                {
                    let value = fact(&result, label);
                    assert!(value.starts_with(|c: char| c.is_ascii_digit()), "{label}: {:?}", result.facts);
                }
            }
        }
        assert_eq!(ask(&lab, "shop", &database, "SHOW statement_timeout"), "0", "a setting was left behind");
        assert_eq!(ask(&lab, "shop", &database, "SHOW transaction_read_only"), "off");
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_figure_that_is_refused_costs_no_other_and_leaves_no_transaction() {
    let lab = Lab::get();
    let bench = Bench::connected(&lab, &["db-1"]).await;
    let visitor = lab.at("/postgres/without_monitor");
    let (pooler, direct) = (lab.at("/pgbouncer/here"), lab.at("/postgres/here"));
    let [transaction, statement] = databases(&lab);
    let shop = lab.at("/postgres/database");
    for (address, database) in [(&pooler, &transaction), (&pooler, &statement), (&direct, &shop)] {
        let ask_it = |rest: &str| at(&lab, address, &visitor, database, rest);
        for _ in 0..2 {
            let result = bench.one("postgres", &ask_it("")).await;
            assert_eq!(verdict(&result), "up: ", "{database} {:?}", result.facts);
            assert_eq!(fact(&result, "size"), "permission denied for function pg_database_size");
            assert!(fact(&result, "connections").contains(" of 40, "), "{:?}", result.facts);
            assert_eq!(fact(&result, "waiting for locks"), "0");
            assert!(fact(&result, "cache hits").ends_with('%'), "{:?}", result.facts);
        }
        let limited = bench.one("postgres", &ask_it("[checks.it.limits]\nsize = \"1TiB\"")).await;
        assert_eq!(verdict(&limited), "unknown: size: permission denied for function pg_database_size");
        let by_condition = bench.one("postgres", &ask_it("condition = 'json.size < 1000000000'")).await;
        assert!(
            verdict(&by_condition).starts_with("unknown: ") && verdict(&by_condition).contains("permission"),
            "{}",
            verdict(&by_condition)
        );
    }
    for database in [&transaction, &statement] {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' \
                    AND application_name = 'midwatch'";
        assert_eq!(ask(&lab, "shop", database, open), "0");
        // The visitor's own pooled connection still takes queries.
        assert_eq!(ask(&lab, &visitor, database, "SELECT 1"), "1");
        assert_eq!(ask(&lab, &visitor, database, "SHOW statement_timeout"), "0");
    }
}

#[tokio::test]
#[ignore = "needs the lab: tests/run"]
async fn a_role_without_pg_monitor_is_told_what_it_may_not_see() {
    let lab = Lab::get();
    let bench = Bench::new(&lab);
    let visitor = lab.at("/postgres/without_monitor");
    let at = |rest: &str| at(&lab, &lab.at("/postgres/here"), &visitor, "shop", rest);
    // A session of shop's own, hidden from the visitor: the pooler keeps one.
    assert_eq!(ask(&lab, "shop", "shop_transaction", "SELECT 1"), "1");
    let result = bench.one("postgres", &at("")).await;
    assert_eq!(verdict(&result), "up: ", "{:?}", result.facts);
    assert!(fact(&result, "oldest transaction").contains("grant pg_monitor"), "{:?}", result.facts);
    assert!(fact(&result, "not seen").contains("grant pg_monitor"), "{:?}", result.facts);
    for figure in ["oldest_transaction_s", "idle_in_transaction"] {
        let judged = bench.one("postgres", &at(&format!("condition = 'json.{figure} < 1000'"))).await;
        let said = verdict(&judged);
        assert!(said.starts_with("unknown: ") && said.contains("grant pg_monitor"), "{figure}: {said}");
    }
}
