//! The program itself against the lab: what a script on the engineer's machine gets.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use crate::lab::Lab;

/// Runs it with a configuration.
fn with(config: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_midwatch")).args(args).args(["--config", config]).output().unwrap()
}

fn run(lab: &Lab, args: &[&str]) -> Output {
    with(&lab.at("/config"), args)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let all = list.as_array().unwrap();
    all.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("{name} is not in {list}"))
}

/// A configuration of one server, reached as the lab says but for what is put in.
fn one(lab: &Lab, known_hosts: &str, user: &str, key: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[ssh]\nconfig = \"/dev/null\"\nknown_hosts = [\"{known_hosts}\"]\nagent = false\n\n\
         [servers.web-1]\naddress = \"127.0.0.1\"\nport = {}\nuser = \"{user}\"\nidentity = [\"{key}\"]\n",
        lab.port("web-1")
    );
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn key(lab: &Lab) -> String {
    let folder = lab.path("/config").parent().unwrap().join("keys/id_ed25519");
    folder.to_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn status_shows_the_servers_and_their_containers() {
    let lab = Lab::get();
    let output = run(&lab, &["status", "--json", "--deadline", "30"]);
    let report = json(&output);
    assert_eq!(code(&output), 1, "web-2 has a container that keeps restarting");
    let web = named(&report["servers"], "web-1");
    assert!(web["vitals"]["mem_pct"].as_f64().unwrap() > 0.0);
    let container = named(&web["containers"], "shop-web-1");
    assert_eq!(container["state"], "running");
    assert!(container["mem_bytes"].as_u64().unwrap() > 0, "{container}");
    assert!(container["cpu_pct"].as_f64().is_some(), "{container}");
    assert!(container["net_rx_bytes_s"].is_u64() && container["net_tx_bytes_s"].is_u64(), "{container}");
    assert_eq!(container["project"], "shop");
    assert_eq!(web["environment"], "production");
    let shop = named(&report["apps"], "shop");
    assert_eq!(shop["servers"].as_array().unwrap().len(), 2);
    assert!(!report["problems"].as_array().unwrap().is_empty());
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn check_tells_by_its_exit_code() {
    let lab = Lab::get();
    let good = run(&lab, &["check", "postgres-port", "--json"]);
    assert_eq!(code(&good), 0, "{}{}", json(&good), err(&good));
    assert_eq!(json(&good)["checks"][0]["health"], "up");
    let bad = run(&lab, &["check", "shop-fails"]);
    assert_eq!(code(&bad), 1, "{}", err(&bad));
    let unknown = run(&lab, &["check", "postgres-prt"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean postgres-port?"), "{}", err(&unknown));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn check_says_when_a_server_is_not_reached() {
    let lab = Lab::get();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "[ssh]\nconfig = \"/dev/null\"\nagent = false\n[servers.gone]\naddress = \"127.0.0.1\"\nport = {nobody}\n\
         user = \"ops\"\nidentity = [\"{}\"]\n[checks.port]\nkind = \"tcp\"\naddress = \"127.0.0.1:22\"\nfrom = \"gone\"\n",
        key(&lab)
    );
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(code(&with(path, &["check"])), 3);
    assert_eq!(code(&with(path, &["status", "--deadline", "3"])), 3);
    assert_eq!(code(&with(path, &["doctor"])), 3);
    assert_eq!(code(&with(path, &["logs", "gone", "--deadline", "3"])), 3);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn logs_of_a_container_are_narrowed_by_time_and_text() {
    let lab = Lab::get();
    let all = run(&lab, &["logs", "web-1/shop-worker-1", "--json"]);
    assert_eq!(code(&all), 0, "{}", err(&all));
    let lines: Vec<Value> = String::from_utf8(all.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!lines.is_empty() && lines.len() <= 101, "{} lines", lines.len());
    assert!(lines.windows(2).all(|pair| pair[0]["time"].as_str() <= pair[1]["time"].as_str()));
    let last = lines.last().unwrap();
    let word: String =
        last["text"].as_str().unwrap().chars().filter(char::is_ascii_alphabetic).take(3).collect();
    let some = run(&lab, &["logs", "web-1/shop-worker-1", "--since", "10m", "--grep", &word, "--json"]);
    assert_eq!(code(&some), 0, "{}", err(&some));
    let some = String::from_utf8(some.stdout).unwrap();
    assert!(some.lines().all(|line| line.contains(&word)), "{some}");
    let none = run(&lab, &["logs", "web-1/shop-worker-1", "--grep", "no line has this in it", "--json"]);
    assert_eq!((code(&none), none.stdout.len()), (0, 0));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn logs_of_several_sources_come_in_the_order_of_time() {
    let lab = Lab::get();
    let output = run(&lab, &["logs", "shop", "web-1", "--since", "5m", "--json"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let servers: std::collections::BTreeSet<&str> =
        lines.iter().filter_map(|it| it["server"].as_str()).collect();
    assert!(servers.contains("web-1") && servers.contains("web-2"), "{servers:?}");
    let unknown = run(&lab, &["logs", "web-1/shop-wroker-1"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("did you mean web-1/shop-worker-1?"), "{}", err(&unknown));
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn doctor_finds_nothing_wrong_with_a_server_that_is_well() {
    let lab = Lab::get();
    let output = run(&lab, &["doctor", "web-1", "--json"]);
    let report = json(&output);
    assert_eq!(code(&output), 0, "{report}");
    for step in report["servers"][0]["steps"].as_array().unwrap() {
        assert_eq!(step["outcome"], "good", "{step}");
    }
    // No systemd and no engine there, and nothing wrong with that.
    let busy = run(&lab, &["doctor", "busy-1", "--json"]);
    assert!(
        json(&busy)["servers"][0]["steps"].as_array().unwrap().iter().any(|it| it["outcome"] == "absent")
    );
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn doctor_refuses_an_unknown_host_key_until_it_is_accepted() {
    let lab = Lab::get();
    let folder = tempfile::tempdir().unwrap();
    let known = folder.path().join("known_hosts");
    let (_config, config) = one(&lab, known.to_str().unwrap(), "ops", &key(&lab));
    let refused = with(&config, &["doctor", "--json"]);
    assert_eq!(code(&refused), 3);
    let report = json(&refused);
    let last = report["servers"][0]["steps"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["step"].as_str(), last["outcome"].as_str()), (Some("host key"), Some("failed")));
    assert!(last["said"].as_str().unwrap().contains("SHA256:"), "{last}");
    assert!(last["mend"].as_str().unwrap().contains("--accept-host-key web-1"), "{last}");
    // The status of it says the same, in both its forms.
    for words in [&["status"][..], &["status", "--json"]] {
        let told = with(&config, words);
        assert_eq!(code(&told), 3, "{}", err(&told));
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(text.contains("SHA256:") && text.contains("doctor --accept-host-key web-1"), "{text}");
    }
    assert!(!known.exists(), "nobody accepted it");
    let accepted = with(&config, &["doctor", "--accept-host-key", "web-1"]);
    assert_ne!(code(&accepted), 3, "{}", err(&accepted));
    assert!(err(&accepted).contains(&lab.server("web-1", "host_key_fingerprint")), "{}", err(&accepted));
    assert_ne!(code(&with(&config, &["doctor"])), 3, "it is known from then on");
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn doctor_says_what_a_user_without_groups_lacks() {
    let lab = Lab::get();
    let known = lab.path("/config").parent().unwrap().join("known_hosts");
    let (_config, config) = one(&lab, known.to_str().unwrap(), "plain", &key(&lab));
    let output = with(&config, &["doctor", "--json"]);
    let report = json(&output);
    assert_eq!(code(&output), 1, "{report}");
    let steps = report["servers"][0]["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|it| it["step"] == name).unwrap_or_else(|| panic!("{report}"));
    assert_eq!(step("containers")["outcome"], "missing");
    assert!(step("containers")["mend"].as_str().unwrap().contains("usermod -aG docker plain"), "{report}");
    assert_eq!(step("journal")["outcome"], "missing");
    assert!(step("journal")["mend"].as_str().unwrap().contains("systemd-journal plain"), "{report}");
}
