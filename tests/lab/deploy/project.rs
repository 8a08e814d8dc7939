//! An app that a test deploys.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::lab::Lab;
use crate::pty::Start;

/// What the app's Compose file says unless a test says otherwise: two services, secrets among them.
pub const COMPOSE: &str = r#"services:
  web:
    image: registry:5000/shop:1.0
    restart: unless-stopped
    environment:
      MODE: ${MODE:-plain}
      API_TOKEN: ${API_TOKEN:-hush-hush}
  worker:
    image: registry:5000/shop:json
    environment:
      LINES_PER_SECOND: "1"
"#;

/// An app on some of the lab's servers, running its first version.
pub struct Project {
    pub lab: Lab,
    pub name: String,
    pub servers: Vec<String>,
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Project {
    /// Starts it, by Compose alone. `more` is what its `[apps.NAME]` says beside the usual.
    pub fn up(name: &str, servers: &[&str], more: &str) -> Self {
        let lab = Lab::get();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        let list: Vec<String> = servers.iter().map(|it| format!("\"{it}\"")).collect();
        let text = fs::read_to_string(lab.path("/config")).unwrap()
            + &format!(
                "\n[history]\npath = \"{}/history.db\"\n\n[apps.{name}]\nservers = [{}]\n\
                 compose = \"/home/ops/{name}/compose.yaml\"\nservices = [\"web\"]\n{}\n\
                 gate.steady = \"3s\"\n{more}\n",
                folder.path().display(),
                list.join(", "),
                if more.contains("watch = ") { "" } else { "watch = \"1s\"" },
            );
        fs::write(&config, text).unwrap();
        let servers = servers.iter().map(|&it| it.to_owned()).collect();
        let project = Self { lab, name: name.to_owned(), servers, folder, config };
        project.everywhere(&format!(
            "rm -rf ~/{name} && mkdir -p ~/{name} && cd ~/{name} && cat >compose.yaml <<'END'\n{COMPOSE}END\n\
             docker compose up -d 2>&1"
        ));
        project
    }

    /// Runs a command on each of its servers; it has to succeed.
    pub fn everywhere(&self, command: &str) {
        for server in &self.servers {
            let output = self.lab.ssh(server, command);
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{server}: {command}: {said}");
        }
    }

    /// What a command prints on a server, in the app's folder.
    pub fn on(&self, server: &str, command: &str) -> String {
        let output = self.lab.ssh(server, &format!("cd ~/{} && {command}", self.name));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The program, with this app's configuration, and with the app's name where the lab's environment asks
    /// for that beside a yes.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare(args);
        if args.contains(&"--yes") || matches!(args, ["resume", _, way, ..] if !way.starts_with('-')) {
            command.args(["--confirm", &self.name]);
        }
        command
    }

    /// The program with nothing but this app's configuration.
    pub fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(args).arg("--config").arg(&self.config);
        command
    }

    /// The console, with this app's configuration.
    pub fn console(&self) -> Start {
        Start::new(&["--config", &self.config.display().to_string()]).size(120, 40)
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Told {
        Told(self.command(args).output().unwrap())
    }

    /// Adds to the end of its configuration: to the last table of it.
    pub fn configure(&self, more: &str) {
        let text = fs::read_to_string(&self.config).unwrap();
        fs::write(&self.config, text + more).unwrap();
    }

    /// Takes it out of its configuration, which it is the end of.
    pub fn forget(&self) {
        let text = fs::read_to_string(&self.config).unwrap();
        let (before, _) = text.split_once(&format!("\n[apps.{}]\n", self.name)).unwrap();
        fs::write(&self.config, before).unwrap();
    }

    /// Its configuration as it is now.
    pub fn configuration(&self) -> String {
        fs::read_to_string(&self.config).unwrap()
    }

    /// Says something else in its configuration.
    pub fn replace(&self, old: &str, new: &str) {
        let text = fs::read_to_string(&self.config).unwrap();
        fs::write(&self.config, text.replace(old, new)).unwrap();
    }

    /// A file of the test's own.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The version that a server's containers serve, by what runs in them.
    pub fn versions(&self, server: &str) -> Vec<String> {
        let all = self.on(
            server,
            "for c in $(docker compose ps -q web); do docker exec $c cat /www/version; done | sort",
        );
        all.lines().map(str::to_owned).collect()
    }

    /// The ledger on a server.
    pub fn ledger(&self, server: &str) -> Value {
        let told = self.run(&["releases", &self.name, "--json"]);
        told.json()["servers"][server].clone()
    }

    /// How each release fared on a server, newest first.
    pub fn outcomes(&self, server: &str) -> Vec<String> {
        let ledger = self.ledger(server);
        let releases = ledger["releases"].as_array().unwrap();
        releases.iter().map(|it| format!("{} {}", it["number"], it["outcome"].as_str().unwrap())).collect()
    }

    /// The journal's text.
    pub fn journal(&self) -> String {
        fs::read_to_string(self.folder.path().join("journal.jsonl")).unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        for server in &self.servers {
            let clean = format!(
                "cd ~/{0} && docker compose -p {0} down -t 1 --remove-orphans; cd; rm -rf ~/{0}",
                self.name
            );
            let _ = self.lab.ssh(server, &clean);
        }
    }
}

/// What the program printed, and how it ended.
pub struct Told(pub Output);

impl Told {
    pub fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned() + &String::from_utf8_lossy(&self.0.stderr)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// It ended so, or what it told is shown.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}", self.text());
        self
    }
}
