//! Fifty SSH servers from nothing to their first values, beside `clush` running one command on the
//! same fifty, in turns; then a refresh of all over standing connections. `cargo bench --bench cold`
//! with `MIDWATCH_LAB` set and the lab's fleet up (`tests/lab/fleet up 50`).

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use midwatch::config::Config;
use support::lab::Lab;
use support::sink::{self, Came, What, watch};
use support::{Outcome, millis, quantile, row};

const ROUNDS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);

/// When the last of all servers had this first since then.
fn all(came: &Came, names: &[&str], since: Instant, is: impl Fn(&What) -> bool) -> Option<Instant> {
    let firsts: Option<Vec<Instant>> = names.iter().map(|name| came.first(since, name, &is)).collect();
    firsts?.into_iter().max()
}

/// The peer's wall time for one small command everywhere.
fn clush(folder: &Path, names: &[&str]) -> Outcome<Duration> {
    let options = format!("-F {}", folder.join("ssh_config").display());
    let start = Instant::now();
    let mut command = Command::new("clush");
    command.args(["-o", &options, "-w", &names.join(","), "cat /proc/loadavg"]);
    let output = command.stdin(Stdio::null()).output()?;
    let time = start.elapsed();
    let lines = String::from_utf8_lossy(&output.stdout).lines().count();
    if lines != names.len() {
        return Err(format!("clush: {lines} answers of {}", names.len()).into());
    }
    Ok(time)
}

/// The whole of `midwatch status`, as a process: everything of every server, and the rates.
fn status(folder: &Path) -> Outcome<Duration> {
    let config = folder.join("config.toml");
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    command.arg("--config").arg(config).args(["status", "--json"]);
    let output = command.stdin(Stdio::null()).output()?;
    let time = start.elapsed();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let servers = report["servers"].as_array().ok_or("no servers in the report")?;
    let unread = servers.iter().filter(|server| server["vitals"]["cpu_pct"].is_null()).count();
    if unread > 0 {
        return Err(format!("status: {unread} servers were not read").into());
    }
    Ok(time)
}

/// From nothing: to the connections, to values, to values with rates.
fn cold(config: &Config, names: &[&str]) -> Outcome<[Duration; 3]> {
    let watching = watch(config)?;
    let mut times = [Duration::ZERO; 3];
    let kinds: [fn(&What) -> bool; 3] = [
        |what| *what == What::Up,
        |what| matches!(what, What::Vitals { .. }),
        |what| *what == What::Vitals { rates: true },
    ];
    for (time, kind) in times.iter_mut().zip(kinds) {
        let came = watching.taker.wait(PATIENCE, |came| all(came, names, watching.began, kind));
        let Some(at) = came else {
            return Err(watching.taker.wait(PATIENCE, |came| Some(came.failures().join("\n"))))
                .map_err(|failures| failures.unwrap_or_default().into());
        };
        *time = at - watching.began;
    }
    Ok(times)
}

/// Looks away from all servers, and at them again: each is read at once over its connection.
fn warm(config: &Config, names: &[&str]) -> Outcome<Vec<Duration>> {
    let watching = watch(config)?;
    let ready = |came: &Came| all(came, names, watching.began, |what| *what == What::Vitals { rates: true });
    watching.taker.wait(PATIENCE, ready).ok_or("not all servers came up")?;
    std::thread::sleep(Duration::from_secs(3));
    let mut times = Vec::new();
    for _ in 0..10 {
        let supervisor = &watching.observers.supervisor;
        supervisor.set_watched([]);
        // Their round under way ends, and the next is three times as far.
        std::thread::sleep(Duration::from_millis(2500));
        let start = Instant::now();
        supervisor.set_watched(names.iter().map(|name| (*name).into()));
        let values = |what: &What| matches!(what, What::Vitals { .. });
        let came = watching.taker.wait(PATIENCE, |came| all(came, names, start, values));
        times.push(came.ok_or("not all servers were refreshed")? - start);
    }
    Ok(times)
}

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("fifty SSH servers") else { return Ok(()) };
    let folder = lab.folder()?.join("fleet");
    let Ok(text) = std::fs::read_to_string(folder.join("names")) else {
        println!("NOT MEASURED: fifty SSH servers. `tests/lab/fleet up 50`, then this again.");
        return Ok(());
    };
    let names: Vec<&str> = text.lines().collect();
    let config = sink::config(&folder.join("config.toml"))?;
    let (mut peer, mut whole, mut steps) = (Vec::new(), Vec::new(), [const { Vec::new() }; 3]);
    for _ in 0..ROUNDS {
        peer.push(clush(&folder, &names)?);
        for (all, time) in steps.iter_mut().zip(cold(&config, &names)?) {
            all.push(time);
        }
        whole.push(status(&folder)?);
    }
    let median = |times: &[Duration]| millis(quantile(times, 0.5));
    let count = names.len();
    row(
        &format!("clush, one command on {count}"),
        &median(&peer),
        &format!("median of {ROUNDS}, as all below"),
    );
    row("from nothing to the last connection", &median(&steps[0]), "");
    row("from nothing to the last server's first values", &median(&steps[1]), "want half of clush");
    row("from nothing to the last server's first rates", &median(&steps[2]), "");
    row("midwatch status --json, with containers and units", &median(&whole), "a process, as clush is");
    let warm = warm(&config, &names)?;
    row(
        "a refresh of all over standing connections",
        &median(&warm),
        &format!("worst of {} {}; want 100 ms", warm.len(), millis(quantile(&warm, 1.0))),
    );
    Ok(())
}
