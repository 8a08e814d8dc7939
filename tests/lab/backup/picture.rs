//! Datastores in the live picture: in the report, and in the console, from which one is backed up.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use super::store::Store;
use crate::deploy::console::enter_until;

const FILES: &str = "kind = \"files\"\npaths = [\"/etc/hostname\"]\nrpo = \"1h\"";

/// What the report says of the datastore, and of it among the problems.
fn report(store: &Store) -> (Value, Option<String>) {
    let report = store.run(&["status", "--json"]).json();
    let problems = report["problems"].as_array().unwrap();
    let target = format!("datastore {}", store.name);
    let problem = problems.iter().find(|it| it["target"] == target.as_str());
    (report["datastores"][0].clone(), problem.map(|it| it["cause"].as_str().unwrap().to_owned()))
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn the_report_tells_what_its_repository_holds_and_that_it_cannot_be_read() {
    let store = Store::of("named", FILES);
    let (before, problem) = report(&store);
    assert_eq!((&before["health"], &before["last_backup_at"]), (&"unknown".into(), &Value::Null));
    assert!(problem.unwrap().contains("there is no repository"), "{before}");

    store.back_up(&[]).ends(0);
    let (after, problem) = report(&store);
    assert_eq!((&after["health"], &problem), (&"up".into(), &None), "{after}");
    assert_eq!(
        (&after["kind"], &after["server"], &after["rpo_s"]),
        (&"files".into(), &"db-1".into(), &3600.into())
    );
    assert!(after["last_backup_bytes"].as_u64().unwrap() > 0, "{after}");
    assert!(after["measured_rpo_s"].as_u64().unwrap() < 60, "{after}");

    fs::write(store.path("password"), "three bells\n").unwrap();
    let (locked, problem) = report(&store);
    assert_eq!(locked["health"], "unknown", "{locked}");
    assert!(problem.unwrap().contains("cannot be read"), "{locked}");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_key_backs_it_up_and_the_first_page_knows() {
    let store = Store::of("named", FILES);
    store.back_up(&[]).ends(0);
    let console = store.console().spawn();
    console.wait_for("DATASTORES");
    // Only the datastore is left, and so it has the keys.
    console.press("/named").wait_for("named");
    console.press("\r").press("b").wait_for("back named up").wait_for("STEPS");
    enter_until(&console, "done and verified");
    assert_eq!(store.backups().len(), 2);
    console.press("\x1b").press("\x1b").wait_for("DATASTORES");
    console.press("i").wait_at_most(Duration::from_secs(15), "two backups", |screen| {
        let stored = screen.lines().filter(|line| line.contains("stored"));
        stored.count() == 2
    });
}
