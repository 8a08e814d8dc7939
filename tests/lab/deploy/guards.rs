//! Two operators, and what a plan was made of.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::project::{Project, Told};
use crate::pty::Start;

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
fn yes_does_not_pass_over_an_environment_that_asks_for_the_name() {
    let app = Project::up("juliet-two", &["web-2"], "");
    let deploy = ["deploy", "juliet-two", "--tag", "1.1", "--yes"];
    let run = |more: &[&str]| Told(app.bare(&[&deploy, more].concat()).output().unwrap());
    let told = run(&[]).ends(2);
    assert!(told.text().contains("--confirm juliet-two"), "{}", told.text());
    run(&["--confirm", "juliet"]).ends(2);
    assert_eq!(app.versions("web-2"), ["1.0"]);
    run(&["--confirm", "juliet-two"]).ends(0);
    assert_eq!(app.versions("web-2"), ["1.1"]);
    // On a terminal it is typed.
    let config = app.scratch("config.toml").display().to_string();
    let by_hand = ["rollback", "juliet-two", "--yes", "--config", &config];
    let console = Start::new(&by_hand).size(120, 40).spawn();
    console.wait_for("Type juliet-two to go on").press("juliet-two\r").wait_for("done after");
    assert_eq!(app.versions("web-2"), ["1.0"]);
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
