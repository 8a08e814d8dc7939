//! The real binary with five hundred servers at two seconds, played to it from a recording that is
//! made here: the console's side alone, without SSH. Then a key to the last byte of the redraw, with
//! a million log lines held besides. `cargo bench --bench crowd`; Linux.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

mod support;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use midwatch::domain::container::{
    Container, ContainerHealth, ContainerState, ContainerUsage, RestartPolicy,
};
use midwatch::domain::ids::{ContainerId, ServerId};
use midwatch::domain::link::Link;
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::quantity::{Bytes, Percent};
use midwatch::domain::setup::{ServerSetup, Setup};
use midwatch::domain::thresholds::Thresholds;
use midwatch::domain::time::Timestamp;
use midwatch::domain::vitals::{CpuUse, DiskUse, MemoryUse, NetworkUse, Vitals};
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::store::logs::{ChunkBuilder, Flags};
use support::terminal::Running;
use support::{Outcome, row, spread};

const SERVERS: usize = 500;
const CONTAINERS: usize = 20;
const LINES: usize = 1_000_000;
/// Milliseconds from one look at a server to the next: vitals, what the containers use.
const VITALS: usize = 2_000;
const USAGE: usize = 5_000;
/// 2026-11-20T03:00:00Z.
const START: i64 = 1_795_143_600_000;

fn moment(after: usize) -> i64 {
    START + i64::try_from(after).unwrap_or(0)
}

fn server(n: usize) -> ServerId {
    ServerId::from(format!("server-{n:03}"))
}

fn container_id(n: usize, i: usize) -> ContainerId {
    format!("{n:032x}{i:032x}").into()
}

fn setup() -> Setup {
    let servers = (0..SERVERS).map(|n| ServerSetup {
        id: server(n),
        address: format!("ops@192.0.2.{}", n % 250),
        environment: None,
        labels: std::collections::BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_millis(VITALS as u64),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    });
    Setup { servers: servers.collect(), theme: "dark".to_owned(), ..Setup::default() }
}

fn vitals(n: usize, beat: usize) -> Vitals {
    let busy = Percent(((n * 7 + beat * 13) % 70) as f32 + 0.3);
    let disk = |mount: &str| DiskUse {
        mount: mount.to_owned(),
        device: "/dev/vda".to_owned(),
        total: Bytes(80 << 30),
        used: Bytes((40 << 30) + ((beat as u64) << 20)),
        available: Bytes(40 << 30),
        inodes_used: Some(Percent(4.0)),
    };
    let network = NetworkUse { interface: "eth0".into(), ..NetworkUse::default() };
    Vitals {
        cpu: Some(CpuUse { busy, ..CpuUse::default() }),
        cores: 4,
        load: [0.4, 0.3, 0.2],
        memory: MemoryUse { total: Bytes(8 << 30), available: Bytes((5 << 30) - ((beat as u64) << 20)) },
        disks: vec![disk("/"), disk("/srv"), disk("/var")],
        networks: vec![network],
        uptime: Duration::from_secs(864_000 + beat as u64 * 2),
        ..Vitals::default()
    }
}

fn containers(n: usize) -> Vec<Container> {
    let one = |i: usize| Container {
        id: container_id(n, i),
        name: format!("shop-web-{i}"),
        project: Some(format!("shop-{}", n % 40)),
        service: Some("web".to_owned()),
        image: "registry.example/shop:1.0".to_owned(),
        digest: None,
        state: ContainerState::Running,
        health: ContainerHealth::Healthy,
        restarts: 0,
        restart_policy: RestartPolicy::default(),
        oom_killed: false,
        exit_code: None,
        started_at: None,
        finished_at: None,
        ports: Vec::new(),
    };
    (0..CONTAINERS).map(one).collect()
}

fn usage(n: usize, beat: usize) -> Vec<(ContainerId, ContainerUsage)> {
    let one = |i: usize| {
        let cpu = Percent(((n + i * 3 + beat * 5) % 40) as f32);
        (container_id(n, i), ContainerUsage { cpu, ..ContainerUsage::default() })
    };
    (0..CONTAINERS).map(one).collect()
}

/// Lines of one source, a thousand in a batch.
fn lines(part: usize, at: i64) -> LogBatch {
    let mut chunk = ChunkBuilder::default();
    for i in 0..1000 {
        let n = part * 1000 + i;
        let level = if n.is_multiple_of(700) { "ERROR" } else { "INFO" };
        let line = format!(
            "{level} shop::web: handled request {n:07} for session {:08x} in {} ms, cache hit, from pool eu-west-1",
            n * 7919 % 99_991,
            n % 900
        );
        chunk.push_raw(&line, Timestamp::from_millis(at), Flags::NONE);
    }
    let stream = LogStream::Container { name: "shop-web-0".to_owned() };
    LogBatch::new(LogSource { server: server(0), stream }, chunk.take(), 0)
}

/// Writes a recording of so many seconds; with lines, a million of them between the tenth second
/// and the twentieth.
fn record(path: &Path, seconds: usize, with_lines: bool) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "{{\"midwatch_recording\":1}}")?;
    let mut tell = |after: usize, event: Event| -> Outcome<()> {
        let at = moment(after);
        writeln!(out, "{}", serde_json::json!({ "at": at, "event": event }))?;
        Ok(())
    };
    let batch = |n: usize, after: usize, observation: Observation| {
        let at = Timestamp::from_millis(moment(after));
        Event::Batch(Batch { server: server(n), at, observation })
    };
    tell(0, Event::Setup(setup()))?;
    for n in 0..SERVERS {
        tell(0, batch(n, 0, Observation::Link(Link::Up)))?;
        tell(0, batch(n, 0, Observation::Containers(containers(n))))?;
    }
    for now in 0..seconds * 1000 {
        // Each server has its own moment within the interval.
        for n in 0..SERVERS {
            if now % VITALS == n * VITALS / SERVERS {
                tell(now, batch(n, now, Observation::Vitals(vitals(n, now / VITALS))))?;
            }
            if now % USAGE == n * USAGE / SERVERS {
                tell(now, batch(n, now, Observation::Usage(usage(n, now / USAGE))))?;
            }
        }
        if with_lines && (10_000..20_000).contains(&now) && now.is_multiple_of(10) {
            let at = moment(now);
            tell(now, Event::Logs(lines((now - 10_000) / 10, at)))?;
        }
    }
    Ok(out.flush()?)
}

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("crowd.jsonl");
    let file = path.to_string_lossy();
    let ours = env!("CARGO_BIN_EXE_midwatch");
    println!("{SERVERS} servers every {VITALS} ms, {CONTAINERS} containers each every {USAGE} ms; 120x40\n");

    // What a terminal and one process on the other side of it take for a single byte.
    let mut floor = Running::start("sh", &["-c", "stty raw -echo; exec cat"])?;
    floor.rest(Duration::from_millis(500));
    row("floor: a key to `cat` and back", &spread(&floor.keys(&["a"], 600)?), "");
    drop(floor);

    record(&path, 75, false)?;
    let mut running = Running::start(ours, &["replay", &file])?;
    running.until(Duration::from_secs(30), |screen| screen.contains('%')).ok_or("nothing was played")?;
    running.rest(Duration::from_secs(8));
    let (percent, resident, rate) = running.idle(Duration::from_secs(30))?;
    row("of a core", &format!("{percent:.1} %"), "want 15 %; reading the recording is in it");
    row("resident", &format!("{resident:.0} MiB"), "want 250 MiB");
    row("to the terminal", &format!("{rate:.0} bytes/s"), "");
    let times = running.keys(&["j", "j", "k", "G", "g", "s"], 600)?;
    row("a key on the overview, median / p99 / worst", &spread(&times), "want 1 / 4 ms");
    drop(running);

    record(&path, 110, true)?;
    let mut running = Running::start(ours, &["replay", &file])?;
    running.until(Duration::from_secs(60), |screen| screen.contains('%')).ok_or("nothing was played")?;
    running.rest(Duration::from_secs(2));
    // Down to the first server, whose logs are opened.
    running.press(&["/", "s", "e", "r", "v", "e", "r", "-", "0", "0", "0", "\r", "l"])?;
    // Before the first line there is nothing that a key could change.
    running.until(Duration::from_secs(30), |screen| screen.contains("request 0")).ok_or("no line came")?;
    let mut while_coming = Vec::new();
    let last = format!("request {:07}", LINES - 1);
    for key in ["k", "G", "w", "w", "f"].iter().cycle().take(1200) {
        running.rest(Duration::from_millis(20));
        let time = running.key(key)?;
        if let Some(time) = time.filter(|time| *time > Duration::from_millis(8)) {
            println!("    {key:?} took {}", support::millis(time));
        }
        while_coming.extend(time);
        if running.text().contains(&last) {
            break;
        }
    }
    row("a key while 100,000 lines a second come", &spread(&while_coming), "no key longer than 8 ms");
    row("turns and frames over 8 ms by then", &running.slow().len().to_string(), "want none");
    running.slow().iter().for_each(|line| println!("    {line}"));
    running.press(&["G"])?;
    if !running.text().contains(&last) {
        println!("NOT MEASURED: the million lines are not on the screen:\n{}", running.text());
        return Ok(());
    }
    for (what, keys) in [
        ("a key in a million lines: up, pages, ends", &["k", "j", "\x1b[5~", "g", "G"][..]),
        ("a key in a million lines: errors, wrap, histogram", &["E", "w", "H"][..]),
    ] {
        row(what, &spread(&running.keys(keys, 600)?), "want 1 / 4 ms");
    }
    row(
        "resident, the player's own copy of the lines with it",
        &format!("{:.0} MiB", running.cost()?.resident),
        "",
    );
    Ok(())
}
