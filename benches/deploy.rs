//! What midwatch adds to a deploy: the program from its start to its end, beside Compose alone over SSH,
//! in turns on the same server; and eight servers side by side beside one (`tests/lab/more up 8`), and beside
//! Compose alone on the same eight. `cargo bench --bench deploy` with `MIDWATCH_LAB` set.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::lab::Lab;
use support::{Outcome, millis, quantile, row};

const APP: &str = "midwatch-bench";
const ROUNDS: usize = 8;
/// Rounds of many servers side by side.
const WIDE: usize = 4;

const COMPOSE: &str = "services:\n  web:\n    image: registry:5000/shop:${TAG:-1.0}\n";

/// Some servers, and the app on them.
struct Ground {
    ssh: PathBuf,
    servers: Vec<String>,
    folder: tempfile::TempDir,
}

impl Ground {
    /// Both versions were there once, so that every pull finds its layers.
    fn up(ssh: PathBuf, known_hosts: &Path, servers: Vec<String>) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let mut text = format!(
            "[ssh]\nconfig = '{}'\nknown_hosts = ['{}']\nagent = false\n[history]\npath = '{}/history.db'\n",
            ssh.display(),
            known_hosts.display(),
            folder.path().display()
        );
        for server in &servers {
            writeln!(text, "[servers.{server}]")?;
        }
        let names: Vec<String> = servers.iter().map(|it| format!("'{it}'")).collect();
        write!(
            text,
            "[apps.{APP}]\nservers = [{}]\ncompose = '/home/ops/{APP}/compose.yaml'\nservices = ['web']\nwatch = '1ms'\n",
            names.join(", ")
        )?;
        std::fs::write(folder.path().join("config.toml"), text)?;
        let ground = Self { ssh, servers, folder };
        ground.everywhere(&format!(
            "mkdir -p {APP} && cd {APP} && printf '{COMPOSE}' >compose.yaml && \
             for t in 1.1 1.0; do TAG=$t docker compose up -d --wait --quiet-pull 2>&1; done"
        ))?;
        Ok(ground)
    }

    fn down(&self) -> Outcome<()> {
        self.everywhere(&format!("cd {APP} && docker compose down -t 1 2>&1; cd; rm -rf {APP}"))
    }

    fn everywhere(&self, command: &str) -> Outcome<()> {
        by_hand(self, command, self.servers.len()).map(drop)
    }

    /// The whole program, on the first so many.
    fn deploy(&self, tag: &str, count: usize) -> Outcome<Duration> {
        let start = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
        command.args(["deploy", APP, "--tag", tag, "--yes", "--confirm", APP, "--config"]);
        command.arg(self.folder.path().join("config.toml"));
        for server in self.servers.iter().take(count) {
            command.args(["--server", server]);
        }
        let output = command.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stdout).into_owned().into());
        }
        Ok(start.elapsed())
    }

    /// What a person would type, on the first so many at a time.
    fn compose(&self, tag: &str, count: usize) -> Outcome<Duration> {
        let command =
            format!("cd {APP} && export TAG={tag} && docker compose pull -q && docker compose up -d --wait");
        by_hand(self, &command, count)
    }
}

/// A command on the first so many servers at a time, by the OpenSSH client.
fn by_hand(ground: &Ground, command: &str, count: usize) -> Outcome<Duration> {
    let start = Instant::now();
    let children = ground.servers.iter().take(count).map(|server| {
        let mut ssh = Command::new("ssh");
        ssh.arg("-nF").arg(&ground.ssh).args(["-o", "BatchMode=yes", server, command]);
        ssh.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    });
    let children: Vec<_> = children.collect();
    for child in children {
        let output = child?.wait_with_output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
    }
    Ok(start.elapsed())
}

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("what midwatch adds to a deploy") else { return Ok(()) };
    let servers = ["web-1", "web-2"].map(str::to_owned).to_vec();
    let ground = Ground::up(lab.path("/ssh_config")?, &lab.folder()?.join("known_hosts"), servers)?;
    let measured = narrow(&ground);
    ground.down()?;
    measured?;
    let more = lab.folder()?.join("more");
    let Ok(names) = std::fs::read_to_string(more.join("names")) else {
        println!("NOT MEASURED: eight servers side by side. `tests/lab/more up 8`, then this again.");
        return Ok(());
    };
    let servers = names.lines().map(str::to_owned).collect();
    let ground = Ground::up(more.join("ssh_config"), &more.join("known_hosts"), servers)?;
    let measured = wide(&ground);
    ground.down()?;
    measured
}

/// One server, and two.
fn narrow(ground: &Ground) -> Outcome<()> {
    let (mut ours, mut theirs, mut both) = (Vec::new(), Vec::new(), Vec::new());
    // Everything is known there after the first.
    ground.deploy("1.1", 2)?;
    for _ in 0..ROUNDS {
        // Each finds the other's version.
        ours.push(ground.deploy("1.0", 1)?);
        theirs.push(ground.compose("1.1", 1)?);
    }
    for tag in ["1.0", "1.1"].into_iter().cycle().take(WIDE) {
        both.push(ground.deploy(tag, 2)?);
    }
    let (ours, theirs, both) = (quantile(&ours, 0.5), quantile(&theirs, 0.5), quantile(&both, 0.5));
    row("docker compose pull, up --wait, over ssh", &millis(theirs), &format!("median of {ROUNDS}"));
    let more = ours.saturating_sub(theirs);
    row(
        "midwatch deploy, one server",
        &millis(ours),
        &format!("{} more; want at most 1 s or 5 %", millis(more)),
    );
    row("midwatch deploy, two servers", &millis(both), &times(both, ours));
    Ok(())
}

/// All of many, beside one of them; by midwatch and by hand. What all of them share is this machine.
fn wide(ground: &Ground) -> Outcome<()> {
    let all = ground.servers.len();
    let mut taken: [Vec<Duration>; 4] = Default::default();
    ground.deploy("1.1", all)?;
    for _ in 0..WIDE {
        taken[0].push(ground.compose("1.0", 1)?);
        taken[1].push(ground.deploy("1.1", 1)?);
        taken[2].push(ground.compose("1.0", all)?);
        taken[3].push(ground.deploy("1.1", all)?);
    }
    let [by_hand, one, all_by_hand, all_ours] = taken.map(|times| quantile(&times, 0.5));
    row("by hand, one of many", &millis(by_hand), &format!("median of {WIDE}"));
    row(&format!("by hand, {all} at a time"), &millis(all_by_hand), &times(all_by_hand, by_hand));
    row("midwatch deploy, one of many", &millis(one), "");
    row(&format!("midwatch deploy, {all} side by side"), &millis(all_ours), &times(all_ours, one));
    let more = all_ours.saturating_sub(all_by_hand);
    row(&format!("the console's own part of {all}"), &millis(more), "more than by hand");
    Ok(())
}

fn times(many: Duration, one: Duration) -> String {
    format!("{:.2} of one; want at most 1.5", many.as_secs_f64() / one.as_secs_f64())
}
