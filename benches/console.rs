//! The real binary in a real pseudo-terminal, beside its peers in the same run: first frame, first
//! values, a key to the last byte of the redraw, and what an idle console costs.
//! `cargo bench --bench console`; peers that are not installed are named and left out. Linux.
//!
//! With `MIDWATCH_LAB` set it also measures a console over three servers of the lab.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use support::lab::Lab;
use support::terminal::{Running, installed};
use support::there::Quiet;
use support::{Outcome, millis, quantile, row};

const OURS: &str = env!("CARGO_BIN_EXE_midwatch");
const SERVERS: usize = 500;
/// The servers of the lab that have containers.
const LAB: [&str; 3] = ["web-1", "web-2", "db-1"];
/// How many containers a console is to be idle over.
const CONTAINERS: usize = 20;
/// How long an idle program is watched.
const IDLE: Duration = Duration::from_secs(30);

/// Five hundred servers on loopback ports where nobody listens.
fn many(path: &Path) -> Outcome<()> {
    let mut text = "[ssh]\nagent = false\n".to_owned();
    for n in 0..SERVERS {
        let (user, port) = ("ops", 1 + n % 9);
        write!(text, "[servers.server-{n:03}]\naddress = \"127.0.{}.{}\"\n", 1 + n / 250, 1 + n % 250)?;
        write!(text, "user = \"{user}\"\nport = {port}\nlabels = {{ role = \"web\" }}\n")?;
    }
    Ok(std::fs::write(path, text)?)
}

/// From the start to the last byte of the first frame.
fn first_frames(program: &str, args: &[&str], times: usize) -> Outcome<Vec<Duration>> {
    let mut first = Vec::new();
    for _ in 0..times {
        first.extend(Running::start(program, args)?.first_frame());
    }
    Ok(first)
}

/// From the start to the frame in which the screen is so.
fn first_values(args: &[&str], times: usize, is: impl Fn(&str) -> bool) -> Outcome<Vec<Duration>> {
    let mut first = Vec::new();
    for _ in 0..times {
        let mut running = Running::start(OURS, args)?;
        match running.until(Duration::from_secs(10), &is) {
            Some(time) => first.push(time),
            None => println!("values did not come within 10 s:\n{}", running.text()),
        }
    }
    Ok(first)
}

/// Whether a server's own row, below the heading of the servers, has a share of something in it.
fn has_values(screen: &str, server: &str) -> bool {
    screen.split("SERVERS").nth(1).is_some_and(|servers| {
        servers.lines().any(|row| row.split_whitespace().any(|word| word == server) && row.contains('%'))
    })
}

fn starts(config: &str, lab: Option<&str>) -> Outcome<()> {
    let worst =
        |times: &[Duration]| format!("{} / {}", millis(quantile(times, 0.5)), millis(quantile(times, 1.0)));
    row("of 20 starts", "median / worst", "");
    row("first frame, this machine alone", &worst(&first_frames(OURS, &[], 20)?), "");
    let many = first_frames(OURS, &["--config", config], 20)?;
    row(&format!("first frame, {SERVERS} servers configured"), &worst(&many), "want 30 ms");
    let local = first_values(&[], 20, |screen| has_values(screen, "local"))?;
    row("first values of this machine on the screen", &worst(&local), "want 150 ms");
    if let Some(lab) = lab {
        for server in LAB {
            let all = first_values(&["--config", lab], 10, |screen| has_values(screen, server))?;
            row(&format!("first values of {server}, over SSH"), &worst(&all), "of 10; see bench server");
        }
    }
    Ok(())
}

/// One program: its first frame, its answers to keys, what it costs when nobody touches it.
fn measure(name: &str, program: &str, args: &[&str], keys: &[&str]) -> Outcome<()> {
    let first = first_frames(program, args, 5)?;
    if first.is_empty() {
        println!("{name:<30} drew no frame: left out");
        return Ok(());
    }
    let mut running = Running::start(program, args)?;
    running.rest(Duration::from_secs(4));
    let times = running.keys(keys, 400)?;
    running.rest(Duration::from_secs(5));
    let (percent, resident, rate) = running.idle(IDLE)?;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{name:<30} {:>8.1} {:>8.2} {:>8.2} {:>6} {percent:>8.2} {resident:>8.1} {rate:>9.0}",
        ms(quantile(&first, 0.5)),
        ms(quantile(&times, 0.5)),
        ms(quantile(&times, 0.99)),
        times.len(),
    );
    Ok(())
}

/// How many containers run on the lab's servers.
fn containers(lab: &Lab) -> Outcome<usize> {
    let mut count = 0;
    for server in LAB {
        count += lab.run(server, "docker ps -q")?.lines().count();
    }
    Ok(count)
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let many_path = folder.path().join("many.toml");
    many(&many_path)?;
    let many_path = many_path.to_string_lossy();
    let lab = Lab::get("a console over three servers of the lab");
    let lab_path = match &lab {
        Some(lab) => {
            let path = folder.path().join("lab.toml");
            std::fs::write(&path, lab.config(&LAB)?)?;
            Some(path.to_string_lossy().into_owned())
        }
        None => None,
    };
    starts(&many_path, lab_path.as_deref())?;

    println!(
        "\n{:<30} {:>8} {:>8} {:>8} {:>6} {:>8} {:>8} {:>9}",
        "idle for 30 s", "first ms", "key p50", "key p99", "keys", "cpu %", "MiB", "bytes/s"
    );
    measure("midwatch, this machine", OURS, &[], &["?", "\x1b"])?;
    measure(&format!("midwatch, {SERVERS} refused"), OURS, &["--config", &many_path], &["j", "j", "k"])?;
    if let (Some(lab), Some(path)) = (&lab, &lab_path) {
        let own = containers(lab)?;
        let name = format!("midwatch, 3 servers, {own} cont.");
        measure(&name, OURS, &["--config", path], &["j", "k"])?;
        let _quiet = Quiet::new(lab, CONTAINERS.saturating_sub(own))?;
        let name = format!("midwatch, 3 servers, {} cont.", containers(lab)?);
        measure(&name, OURS, &["--config", path], &["j", "k"])?;
    }
    let arrows = ["\x1b[B", "\x1b[A"];
    for (peer, keys) in [("btop", arrows), ("btm", ["j", "k"]), ("oxker", ["j", "k"])] {
        if installed(peer) {
            measure(peer, peer, &[], &keys)?;
        } else {
            println!("{peer:<30} is not installed: left out");
        }
    }
    Ok(())
}
