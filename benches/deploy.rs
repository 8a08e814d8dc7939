//! What midwatch adds to a deploy: the program from its start to its end, beside Compose alone over SSH,
//! in turns on the same server; and two servers side by side beside one. `cargo bench --bench deploy`
//! with `MIDWATCH_LAB` set.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::lab::Lab;
use support::{Outcome, millis, quantile, row};

const APP: &str = "midwatch-bench";
const ROUNDS: usize = 8;
const BOTH: [&str; 2] = ["web-1", "web-2"];

const COMPOSE: &str = "services:\n  web:\n    image: registry:5000/shop:${TAG:-1.0}\n";

/// The tag of a round: each round is another release.
const fn tag(round: usize) -> &'static str {
    if round.is_multiple_of(2) { "1.0" } else { "1.1" }
}

/// The whole program.
fn midwatch(config: &Path, tag: &str, servers: &[&str]) -> Outcome<Duration> {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_midwatch"));
    command.args(["deploy", APP, "--tag", tag, "--confirm", APP, "--config"]).arg(config);
    for server in servers {
        command.args(["--server", server]);
    }
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stdout).into_owned().into());
    }
    Ok(start.elapsed())
}

/// What a person would type.
fn by_hand(lab: &Lab, tag: &str) -> Outcome<Duration> {
    let start = Instant::now();
    let command =
        format!("cd {APP} && export TAG={tag} && docker compose pull -q && docker compose up -d --wait");
    lab.run(BOTH[0], &command)?;
    Ok(start.elapsed())
}

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("what midwatch adds to a deploy") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("config.toml");
    let text = lab.config(&BOTH)?
        + &format!(
            "[history]\npath = '{}/history.db'\n[apps.{APP}]\nservers = ['web-1', 'web-2']\n\
             compose = '/home/ops/{APP}/compose.yaml'\nservices = ['web']\nwatch = '1ms'\n",
            folder.path().display()
        );
    std::fs::write(&config, text)?;
    for server in BOTH {
        lab.run(server, &format!("mkdir -p {APP} && cd {APP} && printf '{COMPOSE}' >compose.yaml && for t in 1.1 1.0; do TAG=$t docker compose up -d --wait --quiet-pull 2>&1; done"))?;
    }
    let measured = measure(&lab, &config);
    for server in BOTH {
        lab.run(server, &format!("cd {APP} && docker compose down -t 1 2>&1; cd; rm -rf {APP}"))?;
    }
    measured
}

fn measure(lab: &Lab, config: &Path) -> Outcome<()> {
    let (mut ours, mut theirs, mut both) = (Vec::new(), Vec::new(), Vec::new());
    // Everything is known there after the first.
    midwatch(config, "1.1", &BOTH)?;
    for _ in 0..ROUNDS {
        // Each finds the other's version.
        ours.push(midwatch(config, "1.0", &BOTH[..1])?);
        theirs.push(by_hand(lab, "1.1")?);
    }
    for round in 0..ROUNDS / 2 {
        both.push(midwatch(config, tag(round), &BOTH)?);
    }
    let (ours, theirs, both) = (quantile(&ours, 0.5), quantile(&theirs, 0.5), quantile(&both, 0.5));
    row("docker compose pull, up --wait, over ssh", &millis(theirs), &format!("median of {ROUNDS}"));
    let more = ours.saturating_sub(theirs);
    row(
        "midwatch deploy, one server",
        &millis(ours),
        &format!("{} more; want at most 1 s or 5 %", millis(more)),
    );
    let times = both.as_secs_f64() / ours.as_secs_f64();
    row("midwatch deploy, two servers", &millis(both), &format!("{times:.2} of one; want at most 1.5"));
    Ok(())
}
