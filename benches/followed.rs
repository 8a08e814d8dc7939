//! How fast logs come in from a file and from a container, here and over SSH, each beside the plain
//! tool in the same run; and how long a key waits meanwhile. `cargo bench --bench followed`; the parts
//! over SSH need `MIDWATCH_LAB`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use midwatch::collectors::logs::LogRange;
use midwatch::domain::log_source::{LogSource, LogStream};
use support::lab::Lab;
use support::sink::{self, Watching, What, watch};
use support::terminal::Running;
use support::{Outcome, row, spread};

const LINES: usize = 1_000_000;
const SERVER: &str = "web-1";
const ROUNDS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of 115 bytes.
fn text(lines: usize) -> Outcome<String> {
    let mut text = String::with_capacity(lines * 116);
    for n in 0..lines {
        let (second, session) = (n / 1000 % 60, n * 7919 % 99_991);
        writeln!(
            text,
            "2026-11-20T03:00:{second:02}Z  INFO shop::web: handled request {n:07} for session {session:08x} in {:03} ms, cache hit, eu-1",
            n % 900
        )?;
    }
    Ok(text)
}

fn rate(lines: usize, time: Duration) -> f64 {
    lines as f64 / time.as_secs_f64() / 1000.0
}

/// Reads a stream whole, as often as it is measured; thousands of lines a second.
fn read(watching: &Watching, server: &str, stream: &LogStream, lines: usize) -> Outcome<f64> {
    let _within = watching.tasks.enter();
    let before = watching.taker.wait(Duration::ZERO, |came| Some(came.lines)).unwrap_or(0);
    let start = Instant::now();
    let source = LogSource { server: server.into(), stream: stream.clone() };
    let range = LogRange { tail: Some(u32::MAX), ..LogRange::default() };
    let following = watching.observers.supervisor.follow(source, range);
    let mut following = following.map_err(|failure| failure.to_string())?;
    let ended = watching.tasks.block_on(async { tokio::time::timeout(PATIENCE, following.ended()).await });
    ended?.map_err(|failure| failure.to_string())?;
    let (took, came) = watching
        .taker
        .wait(Duration::ZERO, |came| Some((came.last_line? - start, came.lines)))
        .ok_or("no line came")?;
    if came - before != lines {
        return Err(format!("{} lines came of {lines}", came - before).into());
    }
    Ok(rate(lines, took))
}

/// The plain tool's rate; its output is read to the end here.
fn peer(mut command: Command, lines: usize) -> Outcome<f64> {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut out = child.stdout.take().ok_or("no output")?;
    let (mut buf, mut count) = (vec![0; 1 << 16], 0);
    while let n @ 1.. = std::io::Read::read(&mut out, &mut buf)? {
        count += memchr::memchr_iter(b'\n', &buf[..n]).count();
    }
    let took = start.elapsed();
    child.wait()?;
    if count != lines {
        return Err(format!("the peer gave {count} lines of {lines}").into());
    }
    Ok(rate(lines, took))
}

/// In turns with the peer, the best of each.
fn beside(
    what: &str,
    want: &str,
    mut ours: impl FnMut() -> Outcome<f64>,
    tool: &str,
    mut theirs: impl FnMut() -> Outcome<f64>,
) -> Outcome<()> {
    let (mut best, mut best_peer) = (0_f64, 0_f64);
    for _ in 0..ROUNDS {
        best_peer = best_peer.max(theirs()?);
        best = best.max(ours()?);
    }
    row(
        what,
        &format!("{best:.0} k lines/s"),
        &format!("{tool}: {best_peer:.0}, ours ×{:.2}; {want}", best / best_peer),
    );
    Ok(())
}

fn local(folder: &Path) -> Outcome<()> {
    let log = folder.join("whole.log");
    std::fs::write(&log, text(LINES)?)?;
    let config = folder.join("local.toml");
    std::fs::write(
        &config,
        "[servers.local-1]\nlocal = true\ncollect = { containers = false, units = false }\n",
    )?;
    let watching = watch(&sink::config(&config)?)?;
    let stream = LogStream::File { path: log.to_string_lossy().into_owned() };
    let tool = || {
        let mut cat = Command::new("cat");
        cat.arg(&log);
        peer(cat, LINES)
    };
    beside("a file on this machine", "want 300", || read(&watching, "local-1", &stream, LINES), "cat", tool)
}

/// The real binary follows a file to which a million lines are added at once; keys are pressed
/// until the last of them is on the screen.
fn keys(folder: &Path) -> Outcome<()> {
    let log = folder.join("grows.log");
    std::fs::write(&log, "the first line\n")?;
    let config = folder.join("keys.toml");
    let collect = "collect = { containers = false, units = false }";
    std::fs::write(
        &config,
        format!("[servers.local-1]\nlocal = true\n{collect}\nlogs = [{{ path = '{}' }}]\n", log.display()),
    )?;
    let config = config.to_string_lossy();
    let mut running = Running::start(env!("CARGO_BIN_EXE_midwatch"), &["--config", &config])?;
    running.rest(Duration::from_secs(2));
    // The journal is opened, and the file is added to it.
    running.press(&["l", "o", "g", "r", "o", "w", "s", " ", "\r"])?;
    running.rest(Duration::from_secs(1));
    let before = running.cost()?.resident;
    let more = text(LINES)?;
    let start = Instant::now();
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        OpenOptions::new().append(true).open(&log)?.write_all(more.as_bytes())
    });
    let last = format!("request {:07}", LINES - 1);
    let mut times = Vec::new();
    while !running.text().contains(&last) && start.elapsed() < PATIENCE {
        running.rest(Duration::from_millis(7));
        times.extend(running.key(["k", "G", "w", "w", "f", "f"][times.len() % 6])?);
    }
    let took = start.elapsed();
    writer.join().map_err(|_| "the writer failed")??;
    if !running.text().contains(&last) {
        println!("NOT MEASURED: the last line did not come to the screen:\n{}", running.text());
        return Ok(());
    }
    row("through the console to the screen", &format!("{:.0} k lines/s", rate(LINES, took)), "want 300");
    row("a key meanwhile, median / p99 / worst", &spread(&times), "no key longer than 8 ms");
    running.rest(Duration::from_secs(1));
    let held = running.cost()?.resident - before;
    row("a million lines held, resident in the console", &format!("{held:.0} MiB"), "want 160 MB (153 MiB)");
    let times = running.keys(&["k", "j", "\x1b[5~", "g", "G", "w", "E"], 600)?;
    row("a key then, median / p99 / worst", &spread(&times), "want 1 / 4 ms");
    Ok(())
}

/// A file and a container's log on a server of the lab, removed at the end.
struct There<'a> {
    lab: &'a Lab,
    container: &'static str,
    lines: usize,
}

impl<'a> There<'a> {
    fn new(lab: &'a Lab, lines: usize) -> Outcome<Self> {
        let this = Self { lab, container: "midwatch-bench", lines };
        lab.run(SERVER, &format!("docker rm -f {} 2>/dev/null; true", this.container))?;
        lab.run(
            SERVER,
            &format!(
                "docker run -d --name {name} -e LINES={lines} -e KIND=text registry:5000/shop:noisy >/dev/null && \
                 until docker logs --tail 1 {name} 2>&1 | grep -q 'line {lines} '; do sleep 0.5; done; \
                 docker stop -t 0 {name} >/dev/null; docker logs {name} >/tmp/midwatch-bench.log 2>&1",
                name = this.container
            ),
        )?;
        Ok(this)
    }
}

impl Drop for There<'_> {
    fn drop(&mut self) {
        // What is left behind is named for what it is.
        let _ =
            self.lab.run(SERVER, &format!("docker rm -f {}; rm -f /tmp/midwatch-bench.log", self.container));
    }
}

fn over_ssh(folder: &Path, lab: &Lab) -> Outcome<()> {
    let there = There::new(lab, 300_000)?;
    let path = folder.join("lab.toml");
    let config = lab.config(&[SERVER])? + "collect = { vitals = true, containers = false, units = false }\n";
    std::fs::write(&path, config)?;
    let watching = watch(&sink::config(&path)?)?;
    let up = |came: &sink::Came| came.first(watching.began, SERVER, |what| *what == What::Up);
    watching.taker.wait(PATIENCE, up).ok_or("the server did not answer")?;
    let log = "/tmp/midwatch-bench.log";
    let stream = LogStream::File { path: log.to_owned() };
    let cat = format!("cat {log}");
    beside(
        "a file over SSH",
        "want 300",
        || read(&watching, SERVER, &stream, there.lines),
        "ssh cat",
        || peer(lab.ssh(SERVER, &cat)?, there.lines),
    )?;
    // The engine alone: its own interface, on the server, into nothing.
    let mut engine = 0_f64;
    for _ in 0..ROUNDS {
        let path = format!("http://d/containers/{}/logs?stdout=1&stderr=1&timestamps=1", there.container);
        let asked = format!(
            "from=$(date +%s%N); curl -s --unix-socket /var/run/docker.sock '{path}' >/dev/null && \
             echo $(( ($(date +%s%N) - from) / 1000 ))"
        );
        let micros: u64 = lab.run(SERVER, &asked)?.trim().parse()?;
        engine = engine.max(rate(there.lines, Duration::from_micros(micros)));
    }
    row("the engine alone, on the server, to curl", &format!("{engine:.0} k lines/s"), "");
    let stream = LogStream::Container { name: there.container.to_owned() };
    let logs = format!("docker logs -t {} 2>&1", there.container);
    beside(
        "a container's log over SSH",
        "want ×1.33",
        || read(&watching, SERVER, &stream, there.lines),
        "ssh docker logs -t",
        || peer(lab.ssh(SERVER, &logs)?, there.lines),
    )
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    local(folder.path())?;
    keys(folder.path())?;
    match Lab::get("logs over SSH") {
        Some(lab) => over_ssh(folder.path(), &lab),
        None => Ok(()),
    }
}
