//! The first hour with it: `init` asked on a terminal, what it writes, a recording of the lab and its
//! replay, and an engine that is not Docker.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::lab::Lab;
use crate::pty::Start;

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_midwatch")).args(args).output().unwrap()
}

/// The number that stands before a name in a list of `init`.
fn number(screen: &str, name: &str) -> String {
    let row = screen.lines().find(|row| row.split_whitespace().nth(1) == Some(name));
    let row = row.unwrap_or_else(|| panic!("{name} is not offered\n{screen}"));
    row.split_whitespace().next().unwrap().to_owned()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn init_asks_for_servers_and_projects_and_writes_what_works() {
    let lab = Lab::get();
    let mut start = Start::new(&[]);
    let config = start.home().join("new.toml");
    let config = config.to_str().unwrap().to_owned();
    fs::create_dir(start.home().join(".ssh")).unwrap();
    let ssh = format!("Include {}\n", lab.path("/ssh_config").display());
    fs::write(start.home().join(".ssh/config"), ssh).unwrap();
    start = start.args(&["init", "--config", &config]);
    let mut console = start.size(140, 50).spawn();

    console.wait_for("Which? Numbers");
    let offered = console.screen_text();
    let picks = format!("{} {}\r", number(&offered, "web-1"), number(&offered, "web-2"));
    console.press("99\r").wait_for("please").press(&picks);
    console.wait_for("Compose projects that run there");
    console.wait_until("the second question", |screen| screen.matches("Which?").count() > 2);
    let projects = console.screen_text();
    let shop = format!("{}\r", number(projects.split("Compose projects").nth(1).unwrap(), "shop"));
    console.press(&shop).wait_for("is written");
    assert_eq!(console.exit_code(Duration::from_secs(10)), 0);

    let written = fs::read_to_string(&config).unwrap();
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    let table: toml::Table = written.parse().unwrap();
    let names = |of: &str| table[of].as_table().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (names("servers"), names("apps")),
        (vec!["web-1".into(), "web-2".into()], vec!["shop".into()])
    );
    assert!(run(&["config", "check", "--config", &config]).status.success(), "{written}");

    // What it wrote is enough to look: the SSH configuration in that home says the rest.
    let look = Start::new(&["--config", &config]).size(140, 50).at_home_of(&console).spawn();
    look.wait_until("both servers, read", |screen| {
        ["web-1", "web-2"].iter().all(|name| {
            screen.lines().any(|row| row.split_whitespace().any(|word| word == *name) && row.contains('%'))
        })
    });
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn a_recording_of_the_lab_is_replayed_without_it() {
    let lab = Lab::get();
    let start = Start::new(&[]);
    let file = start.home().join("night.jsonl");
    let path = file.to_str().unwrap().to_owned();
    let mut console = start.args(&["record", &path, "--config", &lab.at("/config")]).size(140, 50).spawn();
    let read = |screen: &str| {
        screen.lines().any(|row| row.contains("web-1") && row.contains('%')) && screen.contains("bad-queue-1")
    };
    console.wait_until("web-1, and what is wrong on web-2", read);
    console.quit();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    for secret in [lab.at("/redis/password"), lab.at("/postgres/password")] {
        assert!(!text.contains(&secret), "a secret is in the recording");
    }
    // Nothing is connected to: there is neither a configuration nor a key in this home.
    let mut replay = Start::new(&["replay", &path, "--speed", "4"]).size(140, 50).spawn();
    replay.wait_until("the same, replayed", read);
    replay.quit();
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn podman_is_looked_at_over_ssh_as_docker_is() {
    let lab = Lab::get();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let text = format!(
        "[ssh]\nconfig = {:?}\nknown_hosts = [{:?}]\nagent = false\n[servers.db-1]\ndocker = \"{}\"\n",
        lab.path("/ssh_config"),
        lab.path("/known_hosts"),
        lab.at("/podman/socket"),
    );
    fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let name = lab.at("/podman/container");
    let status = run(&["status", "--json", "--config", config]);
    let report: Value = serde_json::from_slice(&status.stdout).unwrap();
    let containers = report["servers"][0]["containers"].as_array().unwrap();
    let drafts = containers.iter().find(|it| it["name"] == *name).unwrap_or_else(|| panic!("{report}"));
    assert_eq!(drafts["state"], "running");
    assert!(drafts["mem_bytes"].as_u64().unwrap() > 0, "{drafts}");
    let logs = run(&["logs", &format!("db-1/{name}"), "--since", "30s", "--json", "--config", config]);
    assert_eq!(logs.status.code(), Some(0), "{}", String::from_utf8_lossy(&logs.stderr));
    assert!(String::from_utf8(logs.stdout).unwrap().lines().count() > 10, "it writes a line a second");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn logs_are_narrowed_by_an_end_and_a_level() {
    let lab = Lab::get();
    let config = lab.at("/config");
    let lines = |args: &[&str]| -> Vec<Value> {
        let fixed = ["logs", "web-1/shop-worker-1", "--json", "--config", &config];
        let output = run(&[&fixed, args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&["--since", "2m"]);
    assert!(all.len() > 4, "{} lines", all.len());
    let time = |line: &Value| line["time"].as_str().unwrap().to_owned();
    let middle = time(&all[all.len() / 2]);
    let before = lines(&["--since", "2m", "--until", &middle]);
    assert!(!before.is_empty() && before.len() < all.len(), "{} of {}", before.len(), all.len());
    assert!(before.iter().all(|line| time(line) <= middle));
    let level = |line: &Value| line["level"].as_str().map(str::to_owned);
    assert!(all.iter().any(|line| level(line).as_deref() == Some("info")), "{:?}", all.last());
    let worse = lines(&["--since", "2m", "--level", "error"]);
    assert!(worse.len() < all.len());
    for line in &worse {
        assert!(matches!(level(line).as_deref(), None | Some("error" | "fatal")), "{line}");
    }
}
