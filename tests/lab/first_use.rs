//! The first hour with it: `init` asked on a terminal, what it writes, a recording of the lab and its
//! replay, and an engine that is not Docker.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
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
    let traffic = drafts.get("net_rx_bytes_s").expect("the field is there");
    assert!(
        traffic.is_null(),
        "it has no network of its own: nothing is counted, which is no zero: {drafts}"
    );
    let logs = run(&["logs", &format!("db-1/{name}"), "--since", "30s", "--json", "--config", config]);
    assert_eq!(logs.status.code(), Some(0), "{}", String::from_utf8_lossy(&logs.stderr));
    assert!(String::from_utf8(logs.stdout).unwrap().lines().count() > 10, "it writes a line a second");
    // And a command in it: its outputs apart, and its code.
    let done = Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .env("XDG_STATE_HOME", folder.path())
        .args(["exec", &format!("db-1/{name}"), "--config", config, "--"])
        .args(["sh", "-c", "echo $((6*7)); echo wrong >&2; exit 7"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(7), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!((&done.stdout[..], &done.stderr[..]), (&b"42\n"[..], &b"wrong\n"[..]));
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

/// The program on a server of the lab, in an empty home and without any configuration.
struct Placed<'a> {
    lab: &'a Lab,
    server: &'static str,
    folder: String,
}

impl<'a> Placed<'a> {
    fn on(lab: &'a Lab, server: &'static str) -> Self {
        let folder = format!("/tmp/e2e-first-use-{}", std::process::id());
        let placed = Self { lab, server, folder };
        let to = &placed.folder;
        // Homes that are everybody's, so that another user may start it too.
        placed.sh(&format!("mkdir -p {to}/ops {to}/plain && chmod 777 {to}/ops {to}/plain"));
        let copied = Command::new("scp")
            .arg("-qF")
            .arg(lab.path("/ssh_config"))
            .arg(env!("CARGO_BIN_EXE_midwatch"))
            .arg(format!("{server}:{to}/midwatch"))
            .status();
        assert!(copied.unwrap().success());
        placed
    }

    fn sh(&self, script: &str) {
        let done = self.lab.ssh(self.server, script);
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// What a user types there.
    fn line(&self, user: &str, args: &str) -> String {
        let Self { folder, .. } = self;
        format!("cd {folder}/{user} && HOME=$PWD exec env -u MIDWATCH_CONFIG {folder}/midwatch {args}")
    }

    fn status(&self, user: &str) -> Value {
        let output = self.lab.ssh(&format!("{user}@{}", self.server), &self.line(user, "status --json"));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    fn console(&self, user: &str) -> crate::pty::Console {
        let config = self.lab.at("/ssh_config");
        let to = format!("{user}@{}", self.server);
        let args = ["-tF", &config, "-o", "BatchMode=yes", &to, &self.line(user, "")];
        Start::other(Path::new("ssh"), &args).size(160, 50).spawn()
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        self.lab.ssh(self.server, &format!("sudo rm -rf {}", self.folder));
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn without_a_configuration_it_shows_the_machine_that_it_is_on() {
    let lab = Lab::get();
    let placed = Placed::on(&lab, "web-1");

    let report = placed.status("ops");
    let here = &report["servers"][0];
    assert_eq!((&here["name"], report["servers"].as_array().unwrap().len()), (&Value::from("local"), 1));
    assert_eq!(here["unread"].as_array().unwrap().len(), 0, "{here}");
    assert!(here["vitals"]["mem_pct"].as_f64().unwrap() > 0.0 && here["units_failed"].is_array(), "{here}");
    let disks = here["vitals"]["disks"].as_array().unwrap();
    assert!(disks.iter().any(|disk| disk["mount"] == "/srv/small"), "{here}");
    let containers = here["containers"].as_array().unwrap();
    let web = containers.iter().find(|it| it["name"] == "shop-web-1").unwrap_or_else(|| panic!("{here}"));
    assert_eq!((&web["state"], &web["project"]), (&Value::from("running"), &Value::from("shop")));
    let shop = report["apps"].as_array().unwrap().iter().find(|it| it["name"] == "shop").unwrap();
    assert_eq!(shop["servers"], serde_json::json!(["local"]));

    let mut console = placed.console("ops");
    console.wait_until("this machine and its app", |screen| {
        let row = |name| screen.lines().any(|row| row.contains(name) && row.contains('%'));
        row("local") && row("shop")
    });
    console.press("l").wait_for("local/journal").wait_for("following");
    placed.sh("sudo -n systemd-cat -t e2e-first-use echo seen by the console");
    console.wait_for("seen by the console").press("\x1b").wait_for("SERVERS").press("\r");
    console.wait_for("CONTAINERS").wait_for("shop-worker-1").wait_for("ssh.service").wait_for("/srv/small");
    console.press("q");
    assert_eq!(console.exit_code(Duration::from_secs(5)), 0);
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn without_a_configuration_and_without_groups_it_says_what_cannot_be_read() {
    let lab = Lab::get();
    let placed = Placed::on(&lab, "web-1");
    let report = placed.status("plain");
    let here = &report["servers"][0];
    assert!(here["vitals"]["mem_pct"].as_f64().unwrap() > 0.0, "{here}");
    assert!(here["containers"].is_null() && here["health"] == "unknown", "{here}");
    let why = here["unread"].as_array().unwrap().iter().find(|it| it["what"] == "containers").unwrap();
    let why = why["why"].as_str().unwrap();
    assert!(why.contains("belongs to group docker") && why.contains("usermod -aG docker plain"), "{why}");

    let mut console = placed.console("plain");
    console.wait_for("containers cannot be read").press("\r");
    console.wait_for("not permitted").wait_for("ssh.service").wait_for("/srv/small");
    console.press("l").wait_for("this user may not read the system's journal").wait_for("systemd-journal");
    console.press("q");
    assert_eq!(console.exit_code(Duration::from_secs(5)), 0);
}
