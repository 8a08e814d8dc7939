//! The real binary in a real pseudo-terminal, beside its peers in the same run: first frame, a key to
//! the last byte of the redraw, and what an idle console costs. `cargo bench --bench console`; peers
//! that are not installed are named and left out. Linux.
//!
//! `MIDWATCH_BENCH_CONFIG=FILE` measures a console with that configuration beside the one of this
//! machine alone.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A program in a terminal of 120×40.
struct Running {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, usize)>,
    _master: Box<dyn MasterPty + Send>,
    started: Instant,
}

impl Running {
    fn start(program: &str, args: &[String]) -> Outcome<Self> {
        let pty =
            native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        let mut reader = pty.master.try_clone_reader()?;
        let keys = pty.master.take_writer()?;
        let started = Instant::now();
        let child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let (send, output) = sync_channel(65_536);
        std::thread::spawn(move || {
            let mut buf = vec![0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buf) {
                if send.send((Instant::now(), n)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, keys, output, _master: pty.master, started })
    }

    /// The time of the last byte before the output was quiet for so long, and the bytes till then.
    fn quiet(&self, for_so_long: Duration, at_most: Duration) -> (Option<Instant>, usize) {
        let (mut last, mut bytes) = (None, 0);
        let end = Instant::now() + at_most;
        while Instant::now() < end {
            match self.output.recv_timeout(for_so_long) {
                Ok((at, n)) => {
                    last = Some(at);
                    bytes += n;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        (last, bytes)
    }

    fn stop(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time and resident bytes of a process, from `/proc`.
fn cost(pid: u32) -> Outcome<(f64, f64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    let pages: f64 = fields[21].parse()?;
    Ok((ticks / 100.0, pages * 4096.0 / 1_048_576.0))
}

fn measure(name: &str, program: &str, args: &[String], keys: &[&str]) -> Outcome<()> {
    let mut first = Vec::new();
    for _ in 0..5 {
        let running = Running::start(program, args)?;
        if let Ok((at, _)) = running.output.recv_timeout(Duration::from_secs(5)) {
            first.push(at - running.started);
        }
        running.stop();
    }
    first.sort_unstable();
    let Some(first) = first.get(first.len() / 2) else {
        println!("{name:<22} wrote nothing to the terminal; left out");
        return Ok(());
    };
    let mut running = Running::start(program, args)?;
    running.quiet(Duration::from_secs(4), Duration::from_secs(4));
    let mut times = Vec::new();
    for i in 0..200 {
        running.quiet(Duration::from_millis(15), Duration::from_millis(200));
        let start = Instant::now();
        running.keys.write_all(keys[i % keys.len()].as_bytes())?;
        if let (Some(last), _) = running.quiet(Duration::from_millis(12), Duration::from_millis(400)) {
            times.push(last - start);
        }
    }
    times.sort_unstable();
    let at = |share: f64| {
        times
            .get(((times.len().max(1) - 1) as f64 * share) as usize)
            .map_or(f64::NAN, |t| t.as_secs_f64() * 1000.0)
    };
    let pid = running.child.process_id().ok_or("it has no process")?;
    running.quiet(Duration::from_secs(3), Duration::from_secs(3));
    let idle = Duration::from_secs(20);
    let before = cost(pid)?;
    let mut bytes = 0;
    let end = Instant::now() + idle;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        bytes += running.quiet(left, left).1;
    }
    let after = cost(pid)?;
    println!(
        "{name:<22} {:>9.1} {:>8.2} {:>8.2} {:>8.2} {:>8.1} {:>9.0}",
        first.as_secs_f64() * 1000.0,
        at(0.5),
        at(0.99),
        (after.0 - before.0) / idle.as_secs_f64() * 100.0,
        after.1,
        bytes as f64 / idle.as_secs_f64(),
    );
    running.stop();
    Ok(())
}

fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file()))
}

fn main() -> Outcome<()> {
    println!(
        "{:<22} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "", "first ms", "key p50", "key p99", "cpu %", "MiB", "bytes/s"
    );
    let ours = env!("CARGO_BIN_EXE_midwatch");
    let keys = ["j", "k"];
    measure("midwatch, local", ours, &[], &keys)?;
    if let Ok(config) = std::env::var("MIDWATCH_BENCH_CONFIG") {
        measure("midwatch, configured", ours, &["--config".to_owned(), config], &keys)?;
    }
    let arrows = ["\x1b[B", "\x1b[A"];
    for (peer, keys) in [("btop", arrows), ("btm", keys), ("oxker", keys)] {
        if installed(peer) {
            measure(peer, peer, &[], &keys)?;
        } else {
            println!("{peer:<22} is not installed: left out");
        }
    }
    Ok(())
}
