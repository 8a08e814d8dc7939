//! One SSH server: from nothing to its values beside the time of its connection, and what being
//! observed costs it. `cargo bench --bench server` with `MIDWATCH_LAB` set.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::process::Stdio;
use std::time::{Duration, Instant};

use midwatch::config::Config;
use support::lab::Lab;
use support::sink::{self, What, watch};
use support::{Outcome, millis, quantile, row};

const SERVER: &str = "web-1";
const ROUNDS: usize = 10;
/// How long the server is watched.
const WATCHED: Duration = Duration::from_secs(20);

/// To the connection, to the first values, to the first values with rates.
fn first(config: &Config) -> Outcome<[Duration; 3]> {
    let watching = watch(config)?;
    let kinds: [fn(&What) -> bool; 3] = [
        |what| *what == What::Up,
        |what| matches!(what, What::Vitals { .. }),
        |what| *what == What::Vitals { rates: true },
    ];
    let mut times = [Duration::ZERO; 3];
    for (time, kind) in times.iter_mut().zip(kinds) {
        let came =
            watching.taker.wait(Duration::from_secs(10), |came| came.first(watching.began, SERVER, kind));
        *time = came.ok_or("the server did not answer")? - watching.began;
    }
    Ok(times)
}

/// What the whole server took until now, by its control group: processor nanoseconds (microseconds
/// in the second version's file), and the bytes that belong to processes.
const WHOLE: &str = "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || \
     sed -n 's/^usage_usec \\(.*\\)/\\1000/p' /sys/fs/cgroup/cpu.stat; \
     cat /sys/fs/cgroup/memory/memory.stat /sys/fs/cgroup/memory.stat 2>/dev/null | \
     sed -nE 's/^(total_rss|anon) //p' | head -n 1";

fn main() -> Outcome<()> {
    let Some(lab) = Lab::get("an SSH server's first values and costs") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("config.toml");
    std::fs::write(&path, lab.config(&[SERVER])?)?;
    let config = sink::config(&path)?;

    let (mut peer, mut steps) = (Vec::new(), [const { Vec::new() }; 3]);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        lab.ssh(SERVER, "true")?.stdin(Stdio::null()).output()?;
        peer.push(start.elapsed());
        for (all, time) in steps.iter_mut().zip(first(&config)?) {
            all.push(time);
        }
    }
    let median = |times: &[Duration]| quantile(times, 0.5);
    row(&format!("ssh {SERVER} true"), &millis(median(&peer)), &format!("median of {ROUNDS}, as all below"));
    row("from nothing to the connection", &millis(median(&steps[0])), "");
    for (what, times) in [("first values", &steps[1]), ("first values with rates", &steps[2])] {
        let after = median(times).saturating_sub(median(&steps[0]));
        let beside = format!("{} after the connection; want 150 ms", millis(after));
        row(&format!("from nothing to the {what}"), &millis(median(times)), &beside);
    }

    cost(&lab, &config)
}

/// What the whole server takes while it is observed, less what it takes while it is not, in turns.
fn cost(lab: &Lab, config: &Config) -> Outcome<()> {
    let look = || -> Outcome<(f64, f64)> {
        let said = lab.run(SERVER, WHOLE)?;
        let mut words = said.split_whitespace().map(str::parse::<f64>);
        match (words.next(), words.next()) {
            (Some(Ok(nanos)), Some(Ok(bytes))) => Ok((nanos, bytes)),
            _ => Err(format!("the server says {said:?} of its control group").into()),
        }
    };
    // Percent of a core over the time, and bytes at its end.
    let over = || -> Outcome<(f64, f64)> {
        let (start, before) = (Instant::now(), look()?);
        std::thread::sleep(WATCHED);
        let after = look()?;
        Ok(((after.0 - before.0) / start.elapsed().as_nanos() as f64 * 100.0, after.1))
    };
    let (mut percent, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let without = over()?;
        let watching = watch(config)?;
        let ready = |came: &sink::Came| {
            came.first(watching.began, SERVER, |what| *what == What::Vitals { rates: true })
        };
        watching.taker.wait(Duration::from_secs(10), ready).ok_or("the server did not answer")?;
        std::thread::sleep(Duration::from_secs(5));
        let with = over()?;
        percent.push((with.0 - without.0, without.0));
        bytes.push(with.1 - without.1);
        drop(watching);
        std::thread::sleep(Duration::from_secs(3));
    }
    let runs = percent.len() as f64;
    let more = percent.iter().map(|(more, _)| more).sum::<f64>() / runs;
    let without = percent.iter().map(|(_, without)| without).sum::<f64>() / runs;
    let beside = format!("of a core more than {without:.2} % without; want 1 %; sshd and engine in it");
    row("what observing costs the server", &format!("{more:.2} %"), &beside);
    let mib = bytes.iter().sum::<f64>() / runs / 1_048_576.0;
    row("what observing takes of its memory", &format!("{mib:.1} MiB"), "want 8 MiB; sshd and engine in it");
    Ok(())
}
