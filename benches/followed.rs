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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use midwatch::collectors::logs::LogRange;
use midwatch::domain::log_source::{LogSource, LogStream};
use support::lab::Lab;
use support::sink::{self, Watching, What, watch};
use support::terminal::Running;
use support::there::{Flood, Forwarded, SERVER, There};
use support::{Outcome, row, spread};

const LINES: usize = 1_000_000;
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
    running.press(&["l", "o", "g", "r", "o", "w", "s", "\t", "\r"])?;
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

fn over_ssh(folder: &Path, lab: &Lab) -> Outcome<()> {
    let there = There::new(lab, 300_000)?;
    let path = folder.join("collector.toml");
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
    let path = format!("http://d/containers/{}/logs?stdout=1&stderr=1&timestamps=1", there.container);
    for _ in 0..ROUNDS {
        let asked = format!(
            "from=$(date +%s%N); curl -s --unix-socket /var/run/docker.sock '{path}' >/dev/null && \
             echo $(( ($(date +%s%N) - from) / 1000 ))"
        );
        let micros: u64 = lab.run(SERVER, &asked)?.trim().parse()?;
        engine = engine.max(rate(there.lines, Duration::from_micros(micros)));
    }
    row("the engine alone, on the server, to curl", &format!("{engine:.0} k lines/s"), "");
    // The same by OpenSSH's forwarding of the engine's socket, which is our way too; nothing is read
    // of it but where lines end.
    let forwarded = Forwarded::new(folder, lab)?;
    let mut bare = 0_f64;
    for _ in 0..ROUNDS {
        let mut curl = Command::new("curl");
        curl.arg("-s").arg("--unix-socket").arg(&forwarded.socket).arg(&path);
        bare = bare.max(peer(curl, there.lines)?);
    }
    drop(forwarded);
    row("the engine's socket forwarded by ssh, to curl", &format!("{bare:.0} k lines/s"), "the floor");
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

/// The real binary follows a container over SSH while it writes all that its engine takes; keys
/// are pressed until the last line is on the screen.
fn keys_over_ssh(folder: &Path, lab: &Lab) -> Outcome<()> {
    let _flood = Flood::new(lab)?;
    let config = folder.join("console.toml");
    std::fs::write(&config, lab.config(&[SERVER])?)?;
    let config = config.to_string_lossy();
    let mut running = Running::start(env!("CARGO_BIN_EXE_midwatch"), &["--config", &config])?;
    running.rest(Duration::from_secs(3));
    // The journal and all containers of the server, this one among them.
    running.press(&["l"])?;
    let (first, last) = ("GET /basket/42".to_owned(), format!("line {} ", Flood::LINES));
    if running.until(PATIENCE, |screen| screen.contains(&first)).is_none() {
        println!("NOT MEASURED: the container's log did not come:\n{}", running.text());
        return Ok(());
    }
    let start = Instant::now();
    let mut times = Vec::new();
    while !running.text().contains(&last) && start.elapsed() < PATIENCE {
        running.rest(Duration::from_millis(7));
        times.extend(running.key(["k", "G", "w", "w", "f", "f"][times.len() % 6])?);
    }
    if !running.text().contains(&last) {
        println!("NOT MEASURED: the last line did not come to the screen:\n{}", running.text());
        return Ok(());
    }
    let came = rate(Flood::LINES, start.elapsed());
    row(
        "a container that writes, over SSH to the screen",
        &format!("{came:.0} k lines/s"),
        "as fast as it can",
    );
    row("a key meanwhile, median / p99 / worst", &spread(&times), "no key longer than 8 ms");
    for slow in running.slow() {
        println!("    {slow}");
    }
    Ok(())
}

/// What a byte waits to `cat` and back in a terminal while the same container writes and `ssh server docker
/// logs` takes all of it into nothing: a program that has nothing else to do, on the same two cores.
fn floor_of_a_key(lab: &Lab) -> Outcome<()> {
    let _flood = Flood::new(lab)?;
    let follow = format!("docker logs -f -t {} 2>&1 | head -n {}", Flood::NAME, Flood::LINES);
    let mut logs = lab.ssh(SERVER, &follow)?.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut out = logs.stdout.take().ok_or("no output")?;
    let (began, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (first, last) = (Arc::clone(&began), Arc::clone(&ended));
    let reader = std::thread::spawn(move || {
        let mut buf = vec![0; 1 << 16];
        while let Ok(1..) = std::io::Read::read(&mut out, &mut buf) {
            first.store(true, Ordering::Release);
        }
        last.store(true, Ordering::Release);
    });
    let mut cat = Running::start("sh", &["-c", "stty raw -echo; exec cat"])?;
    let start = Instant::now();
    while !began.load(Ordering::Acquire) && start.elapsed() < PATIENCE {
        cat.rest(Duration::from_millis(20));
    }
    let mut times = Vec::new();
    while !ended.load(Ordering::Acquire) && start.elapsed() < 2 * PATIENCE {
        cat.rest(Duration::from_millis(7));
        times.extend(cat.key("x")?);
    }
    logs.kill()?;
    logs.wait()?;
    reader.join().map_err(|_| "the reader failed")?;
    row(
        "the floor: a byte to cat and back while ssh docker logs runs",
        &spread(&times),
        "with nothing to do",
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    local(folder.path())?;
    keys(folder.path())?;
    let Some(lab) = Lab::get("logs over SSH") else { return Ok(()) };
    over_ssh(folder.path(), &lab)?;
    keys_over_ssh(folder.path(), &lab)?;
    floor_of_a_key(&lab)
}
