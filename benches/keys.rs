//! From a key to the last byte of the redraw, inside the process: five hundred servers live, a
//! million log lines held. `cargo bench --bench keys`; beside it the floor: encoding a screen that
//! changed as much. The way through a real terminal is in `benches/console.rs`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

use std::time::{Duration, Instant};

use midwatch::app::{App, Wardrobe};
use midwatch::domain::container::{Container, ContainerHealth, ContainerState, RestartPolicy};
use midwatch::domain::ids::ServerId;
use midwatch::domain::level::Level;
use midwatch::domain::link::Link;
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::quantity::{Bytes, Percent};
use midwatch::domain::setup::{ServerSetup, Setup};
use midwatch::domain::thresholds::Thresholds;
use midwatch::domain::time::Timestamp;
use midwatch::domain::vitals::{CpuUse, DiskUse, MemoryUse, Vitals};
use midwatch::keys::chord::Chord;
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::runtime::screen::Screen;
use midwatch::state::State;
use midwatch::store::logs::{ChunkBuilder, Flags};
use midwatch::theme::file::ThemeFile;
use midwatch::theme::{Depth, Theme};

const SERVERS: usize = 500;
const CONTAINERS: usize = 20;
const LINES: usize = 1_000_000;
const KEYS: usize = 2_000;

fn server(n: usize) -> ServerId {
    ServerId::from(format!("server-{n:03}"))
}

fn setup() -> Setup {
    let servers = (0..SERVERS).map(|n| ServerSetup {
        id: server(n),
        address: format!("ops@192.0.2.{}", n % 250),
        environment: None,
        labels: std::collections::BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(2),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    });
    Setup { servers: servers.collect(), theme: "dark".to_owned(), ..Setup::default() }
}

fn vitals(n: usize, beat: usize) -> Vitals {
    let busy = Percent(((n * 7 + beat * 13) % 100) as f32);
    Vitals {
        cpu: Some(CpuUse { busy, ..CpuUse::default() }),
        cores: 4,
        load: [0.4, 0.3, 0.2],
        memory: MemoryUse { total: Bytes(8 << 30), available: Bytes(5 << 30) },
        disks: vec![DiskUse {
            mount: "/".to_owned(),
            device: "/dev/vda".to_owned(),
            total: Bytes(80 << 30),
            used: Bytes(40 << 30),
            available: Bytes(40 << 30),
            inodes_used: Some(Percent(4.0)),
        }],
        uptime: Duration::from_secs(864_000),
        ..Vitals::default()
    }
}

fn containers(n: usize) -> Vec<Container> {
    let one = |i: usize| Container {
        id: format!("{n:032x}{i:032x}").into(),
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

fn batch(n: usize, at: Timestamp, observation: Observation) -> Event {
    Event::Batch(Batch { server: server(n), at, observation })
}

fn fill(app: &mut App, now: Timestamp) {
    app.handle(Event::Setup(setup()), now);
    for n in 0..SERVERS {
        app.handle(batch(n, now, Observation::Link(Link::Up)), now);
        app.handle(batch(n, now, Observation::Vitals(vitals(n, 0))), now);
        app.handle(batch(n, now, Observation::Containers(containers(n))), now);
    }
    let line = "GET /basket/17 status=200 ms=12 user=4711 request=0f8fad5b-d9cb-469f-a165-70867728950e trace=on host=web";
    for part in 0..LINES / 1000 {
        let mut chunk = ChunkBuilder::default();
        for i in 0..1000 {
            let level = if i % 500 == 0 { Level::Error } else { Level::Info };
            let at = now - Duration::from_millis((LINES - part * 1000 - i) as u64);
            chunk.push(line, at, level, Flags::default());
        }
        let stream = LogStream::Container { name: format!("shop-web-{}", part % 8) };
        let source = LogSource { server: server(part % 8), stream };
        app.handle(Event::Logs(LogBatch::new(source, chunk.take(), 0)), now);
    }
}

/// Presses keys, with batches of the fleet between them as they come at a beat of two seconds, and
/// prints the times from the key to the encoded frame.
fn press(app: &mut App, screen: &mut Screen<Vec<u8>>, what: &str, keys: &[&str], now: &mut Timestamp) {
    let chords: Vec<Chord> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    let mut times = Vec::with_capacity(KEYS);
    for i in 0..KEYS {
        *now = *now + Duration::from_millis(16);
        for n in 0..4 {
            let n = (i * 4 + n) % SERVERS;
            app.handle(batch(n, *now, Observation::Vitals(vitals(n, i))), *now);
        }
        // The loop's own, between two keys.
        if now.as_millis() / 1000 != (*now - Duration::from_millis(16)).as_millis() / 1000 {
            app.handle(Event::Tick, *now);
        }
        let start = Instant::now();
        app.handle(Event::Key(chords[i % chords.len()]), *now);
        app.settle(*now);
        let sent = screen.draw(|buf| app.draw(buf));
        times.push(start.elapsed());
        assert!(sent.is_ok(), "a vector takes all bytes");
    }
    report(what, &mut times);
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!("{what:<44} {:>8.3} {:>8.3} {:>8.3}", at(0.5), at(0.99), at(1.0));
}

/// The floor: the same screen with as many cells changed, encoded, without any of our state.
fn floor() {
    let mut screen = Screen::new(Vec::new(), 120, 40);
    let mut times = Vec::with_capacity(KEYS);
    for i in 0..KEYS {
        let start = Instant::now();
        let sent = screen.draw(|buf| {
            for y in 0..40 {
                buf.set_string(
                    0,
                    y,
                    format!("{:<120}", (i + usize::from(y)) % 7),
                    ratatui::style::Style::new(),
                );
            }
            None
        });
        times.push(start.elapsed());
        assert!(sent.is_ok(), "a vector takes all bytes");
    }
    report("floor: forty rows filled and encoded", &mut times);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let themes = vec![Theme::new(&ThemeFile::shipped("dark")?, Depth::True, false)];
    let mut now = Timestamp::from_secs(1_795_215_600);
    let mut app = App::new(State::new(120, 40, 256 << 20), Wardrobe { themes });
    fill(&mut app, now);
    let mut screen = Screen::new(Vec::new(), 120, 40);
    println!("{SERVERS} servers, {} containers, {LINES} log lines; 120x40", SERVERS * CONTAINERS);
    println!("{:<44} {:>8} {:>8} {:>8}", "key to encoded frame, ms", "median", "p99", "max");
    press(&mut app, &mut screen, "overview: down, up", &["j", "j", "k"], &mut now);
    press(&mut app, &mut screen, "overview: pages, ends, panes", &["pagedown", "G", "g", "tab"], &mut now);
    press(&mut app, &mut screen, "overview: sort", &["s"], &mut now);
    press(&mut app, &mut screen, "palette: open, type, close", &[":", "s", "e", "esc"], &mut now);
    app.handle(Event::Key("l".parse()?), now);
    press(&mut app, &mut screen, "logs: up, down, pages, ends", &["k", "j", "pageup", "g", "G"], &mut now);
    press(&mut app, &mut screen, "logs: next error, wrap, histogram", &["E", "w", "H"], &mut now);
    floor();
    Ok(())
}
