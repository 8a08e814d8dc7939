//! Two operators, and what a plan was made of.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::project::Project;

#[test]
#[ignore = "needs the lab: tests/run"]
fn of_two_operators_one_gets_the_lock_and_the_other_sees_who() {
    let app = Project::up("india", &["web-2"], "");
    let mut first = app
        .command(&["deploy", "india", "--tag", "slow", "--yes"])
        .env("USER", "anna")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("run ")), "the first one never began");
    let told = app.run(&["deploy", "india", "--tag", "1.1", "--yes"]).ends(2);
    assert!(told.text().contains("anna@") && told.text().contains("deploy india"), "{}", told.text());
    lines.for_each(drop);
    first.wait().unwrap();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn read_only_deploys_nothing() {
    let app = Project::up("juliet", &["web-2"], "");
    let told = app.run(&["deploy", "juliet", "--tag", "1.1", "--yes", "--read-only"]);
    assert!(told.text().contains("read-only"), "{}", told.text());
    assert_ne!(told.code(), 0);
    assert_eq!(app.versions("web-2"), ["1.0"]);
}
