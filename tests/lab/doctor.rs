//! `midwatch doctor` on every server of the lab: its verdicts, and whether what it proposes mends what it
//! found.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::lab::Lab;

/// What came of it: the exit code, and by server and step outcome, words and command.
struct Examined {
    code: i32,
    servers: BTreeMap<String, Vec<Step>>,
}

#[derive(Debug)]
struct Step {
    name: String,
    outcome: String,
    said: String,
    command: Option<String>,
}

impl Examined {
    /// `outcome name` of each step past the connection's.
    fn outcomes(&self, server: &str) -> Vec<String> {
        let steps = &self.servers[server];
        let reach = ["good connection", "good host key", "good login", "good shell"];
        let all: Vec<String> = steps.iter().map(|it| format!("{} {}", it.outcome, it.name)).collect();
        assert_eq!(all[..4], reach, "{server}");
        all[4..].to_vec()
    }

    fn step(&self, server: &str, name: &str) -> &Step {
        self.servers[server].iter().find(|it| it.name == name).unwrap()
    }
}

fn doctor(config: &str, servers: &[&str]) -> Examined {
    let output = Command::new(env!("CARGO_BIN_EXE_midwatch"))
        .args(["doctor", "--json", "--config", config])
        .args(servers)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let servers = report["servers"].as_array().unwrap().iter().map(|server| {
        let steps = server["steps"].as_array().unwrap().iter().map(|step| Step {
            name: text(&step["step"]),
            outcome: text(&step["outcome"]),
            said: text(&step["said"]),
            command: step["command"].as_str().map(str::to_owned),
        });
        (text(&server["name"]), steps.collect())
    });
    Examined { code: output.status.code().unwrap(), servers: servers.collect() }
}

/// A configuration of one server, as `plain`, who is in no group.
struct Plain {
    folder: tempfile::TempDir,
}

impl Plain {
    fn new(lab: &Lab, server: &str, rest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[ssh]\nconfig = \"{}\"\nknown_hosts = [\"{}\"]\nagent = false\n\n\
             [servers.{server}]\nuser = \"plain\"\n{rest}",
            lab.at("/ssh_config"),
            lab.at("/known_hosts"),
        );
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        Self { folder }
    }

    fn doctor(&self) -> Examined {
        doctor(self.folder.path().join("config.toml").to_str().unwrap(), &[])
    }
}

/// Commands run by root on a server; taken back when dropped.
struct AsRoot<'a> {
    lab: &'a Lab,
    server: String,
    undo: &'static str,
}

impl<'a> AsRoot<'a> {
    fn new(lab: &'a Lab, server: &str, undo: &'static str) -> Self {
        Self { lab, server: format!("root@{server}"), undo }
    }

    fn run(&self, command: &str) {
        let output = self.lab.ssh(&self.server, command);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for AsRoot<'_> {
    fn drop(&mut self) {
        self.lab.ssh(&self.server, self.undo);
    }
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn doctor_judges_every_server_as_it_is() {
    let lab = Lab::get();
    let all = doctor(&lab.at("/config"), &["web-1", "web-2", "db-1", "busy-1"]);
    assert_eq!(all.code, 0);
    let with = |log: &str| {
        ["good containers", "good systemd", "good journal", &format!("good log {log}")].map(str::to_owned)
    };
    assert_eq!(all.outcomes("web-1"), with("/var/log/caddy/access.log"));
    assert_eq!(all.outcomes("web-2"), with("/var/log/nginx/access.log"));
    // As root there, by sudo.
    assert_eq!(all.outcomes("db-1"), ["good sudo", "good containers", "good systemd", "good journal"]);
    // It has units that failed: that is for the console to show, not what keeps it from looking.
    assert_eq!(all.step("db-1", "systemd").said, "degraded");
    assert_eq!(
        all.outcomes("busy-1"),
        ["absent containers", "absent systemd", "absent journal", "good log /var/log/messages"]
    );
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn doctor_tells_what_is_missing_from_what_may_not_be_read() {
    let lab = Lab::get();
    let logs = "logs = [{ path = \"/var/log/nginx/access.log\" }, { path = \"/var/log/nginx/none.log\" }, \
                { path = \"/root/x.log\" }]\n";
    let found = Plain::new(&lab, "web-2", logs).doctor();
    assert_eq!(found.code, 1);
    assert_eq!(
        found.outcomes("web-2"),
        [
            "missing containers",
            "good systemd",
            "missing journal",
            "missing log /var/log/nginx/access.log",
            "missing log /var/log/nginx/none.log",
            "missing log /root/x.log",
        ]
    );
    let log = |path: &str| {
        let step = found.step("web-2", &format!("log {path}"));
        (step.said.as_str(), step.command.as_deref())
    };
    let adm = Some("sudo usermod -aG adm plain");
    assert_eq!(log("/var/log/nginx/access.log"), ("plain may not read it", adm));
    assert_eq!(log("/var/log/nginx/none.log"), ("there is no such file", None));
    assert_eq!(log("/root/x.log"), ("plain may not enter /root", None));

    // Without the sudo that it should have, what can be had as itself is told all the same.
    let found = Plain::new(&lab, "db-1", "become = \"sudo\"\n").doctor();
    assert_eq!(found.code, 1);
    let outcomes = ["missing sudo", "missing containers", "good systemd", "missing journal"];
    assert_eq!(found.outcomes("db-1"), outcomes);

    // Busybox: nothing is missing that it need not have, and a log file that it has not is told.
    let found = Plain::new(&lab, "busy-1", "logs = [{ path = \"/var/log/none\" }]\n");
    let text = std::fs::read_to_string(found.folder.path().join("config.toml")).unwrap();
    std::fs::write(found.folder.path().join("config.toml"), text.replace("\"plain\"", "\"ops\"")).unwrap();
    let found = found.doctor();
    assert_eq!(found.code, 1);
    assert_eq!(
        found.outcomes("busy-1"),
        ["absent containers", "absent systemd", "absent journal", "missing log /var/log/none"]
    );
}

#[test]
#[ignore = "needs the lab: tests/run"]
fn what_doctor_proposes_mends_what_it_found_fault() {
    let lab = Lab::get();
    let plain = Plain::new(&lab, "web-2", "logs = [{ path = \"/var/log/nginx/access.log\" }]\n");
    let root = AsRoot::new(
        &lab,
        "web-2",
        "for group in docker systemd-journal adm; do gpasswd -d plain $group; done",
    );
    let steps = ["containers", "journal", "log /var/log/nginx/access.log"];
    // Each command mends its own step, and no other.
    for (mended, step) in steps.iter().enumerate() {
        let found = plain.doctor();
        assert_eq!(found.code, 1);
        for (at, step) in steps.iter().enumerate() {
            let wanted = if at < mended { "good" } else { "missing" };
            assert_eq!(found.step("web-2", step).outcome, wanted, "{step} after {mended} commands");
        }
        root.run(found.step("web-2", step).command.as_deref().unwrap());
    }
    let content = plain.doctor();
    assert_eq!(content.code, 0, "{:?}", content.servers);
    drop(root);
    assert_eq!(plain.doctor().code, 1, "what the test did is not taken back");

    let plain = Plain::new(&lab, "db-1", "become = \"sudo\"\n");
    let root = AsRoot::new(&lab, "db-1", "rm -f /etc/sudoers.d/midwatch; gpasswd -d plain docker");
    // The engine's socket is opened as the user itself, whom sudo gives no more of it; the journal it does.
    let outcomes = [
        ["missing sudo", "missing containers", "good systemd", "missing journal"],
        ["good sudo", "missing containers", "good systemd", "good journal"],
        ["good sudo", "good containers", "good systemd", "good journal"],
    ];
    for (step, outcomes) in [Some("sudo"), Some("containers"), None].into_iter().zip(outcomes) {
        let found = plain.doctor();
        assert_eq!(found.outcomes("db-1"), outcomes);
        match step {
            Some(step) => root.run(found.step("db-1", step).command.as_deref().unwrap()),
            None => assert_eq!(found.code, 0),
        }
    }
    drop(root);
    assert_eq!(plain.doctor().code, 1, "what the test did is not taken back");
}
