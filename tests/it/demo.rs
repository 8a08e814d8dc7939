//! Makes the recording of `midwatch demo`, and holds that it tells what it is there to tell.
//! `UPDATE=1` writes it anew.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use midwatch::domain::access::AccessStats;
use midwatch::domain::backup::Backup;
use midwatch::domain::check::{CheckKind, CheckResult};
use midwatch::domain::container::{
    Container, ContainerHealth, ContainerState, ContainerUsage, RestartPolicy,
};
use midwatch::domain::datastore::Retention;
use midwatch::domain::drill::Drilled;
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::health::{Health, Verdict};
use midwatch::domain::ids::{ContainerId, ServerId};
use midwatch::domain::link::{Link, ServerFacts};
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::quantity::{Bytes, Percent};
use midwatch::domain::setup::{
    AppSetup, DatastoreSetup, EnvironmentSetup, Guard, Keeping, ServerSetup, Setup,
};
use midwatch::domain::thresholds::Thresholds;
use midwatch::domain::time::Timestamp;
use midwatch::domain::unit::Units;
use midwatch::domain::vitals::{CpuUse, DiskUse, MemoryUse, NetworkUse, SwapUse, Vitals};
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::runtime::recording;
use midwatch::state::State;
use midwatch::store::logs::{ChunkBuilder, Flags};

/// 2026-11-20, three in the morning (UTC).
const START: i64 = 1_795_143_600;
/// How long it is, in seconds, and how often each server is looked at.
const LENGTH: i64 = 120;
const STEP: usize = 5;
/// When the disk fills, when the database is down, and when both are well again.
const FILLS: i64 = 20;
const DOWN: i64 = 26;
const FREED: i64 = 80;
const WELL: i64 = 88;

const SERVERS: [(&str, &str); 6] = [
    ("web-1", "production"),
    ("web-2", "production"),
    ("db-1", "production"),
    ("cache-1", "production"),
    ("stage-web", "staging"),
    ("stage-db", "staging"),
];

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(START + second)
}

fn down(second: i64) -> bool {
    (DOWN..WELL).contains(&second)
}

/// A little unrest that is the same on every machine.
fn wave(seed: usize, second: i64) -> f32 {
    let mut x = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (second as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((x >> 40) % 100) as f32 / 100.0
}

fn setup() -> Setup {
    let server = |(name, environment): &(&str, &str)| ServerSetup {
        id: (*name).into(),
        address: format!("ops@{name}.example"),
        environment: Some((*environment).into()),
        labels: BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(STEP as u64),
        log_files: Vec::new(),
        access_logs: if name.starts_with("web") { vec!["caddy".to_owned()] } else { Vec::new() },
    };
    let environment =
        |id: &str, guard, color: &str| EnvironmentSetup { id: id.into(), guard, color: color.into() };
    Setup {
        servers: SERVERS.iter().map(server).collect(),
        environments: vec![
            environment("production", Guard::TypeName, "production"),
            environment("staging", Guard::Confirm, "staging"),
        ],
        apps: vec![AppSetup {
            id: "shop".into(),
            environment: None,
            project: "shop".into(),
            servers: vec!["web-1".into(), "web-2".into(), "db-1".into()],
            checks: vec!["shop-home".into(), "shop-checkout".into(), "orders-db".into()],
            proxied: false,
        }],
        checks: vec!["shop-home".into(), "shop-checkout".into(), "orders-db".into()],
        datastores: vec![
            datastore("orders", "postgres", "database orders in container shop-postgres-1", "db-1"),
            datastore("uploads", "volume", "volume shop_uploads", "web-1"),
        ],
        theme: "dark".into(),
        mouse: true,
        read_only: true,
        ..Setup::default()
    }
}

fn datastore(id: &str, kind: &str, what: &str, server: &str) -> DatastoreSetup {
    DatastoreSetup {
        id: id.into(),
        kind: kind.into(),
        what: what.into(),
        server: server.into(),
        apps: vec!["shop".into()],
        repository: "main".into(),
        rpo: Duration::from_secs(24 * 3600),
        rto: Duration::from_secs(3600),
        keeping: Some(Keeping {
            retention: Retention { within: Duration::from_secs(5 * 86_400), ..Retention::default() },
            replaced: Duration::from_secs(7 * 86_400),
        }),
        archive: None,
    }
}

/// A week of backups, one in each night; the last night's has not come yet.
fn backups() -> Vec<Backup> {
    let backup = |datastore: &str, server: &str, night: i64, bytes: u64| Backup {
        id: format!("{:0<64}", format!("{night}{}", hex(datastore))),
        datastore: datastore.into(),
        server: server.into(),
        at: at(-night * 24 * 3600 + 1800),
        took: Duration::from_secs(40),
        bytes: Bytes(bytes),
        stored: Bytes(bytes / 50),
        by: "ops@bastion".into(),
        ..Backup::default()
    };
    let night = |n: i64| {
        let grown = 1000 - n.unsigned_abs() * 3;
        [backup("orders", "db-1", n, grown << 20), backup("uploads", "web-1", n, grown << 18)]
    };
    (1..=7).flat_map(night).collect()
}

fn container(server: &str, service: &str, second: i64) -> Container {
    let database = service == "postgres";
    let shop = server == "db-1";
    let ill = shop && down(second) && (database || service == "worker");
    let restarts = if !shop || second < DOWN || !(database || service == "worker") {
        0
    } else {
        u32::try_from((second.min(WELL) - DOWN) / 15 + 1).unwrap()
    };
    let image = match service {
        "postgres" => "postgres:17.2",
        "redis" => "redis:7.4",
        "web" => "registry.example/shop-web:2.8.1",
        _ => "registry.example/shop-api:2.8.1",
    };
    let state = match (ill, database) {
        (false, _) => ContainerState::Running,
        (true, true) => ContainerState::Exited,
        (true, false) => ContainerState::Restarting,
    };
    Container {
        id: ContainerId::from(format!("{:0<64}", format!("{}{}", hex(server), hex(service)))),
        name: format!("shop-{service}-1"),
        project: Some("shop".into()),
        service: Some(service.into()),
        image: image.into(),
        digest: None,
        state,
        health: match (service, ill) {
            ("web" | "redis", _) | (_, true) => ContainerHealth::None,
            _ => ContainerHealth::Healthy,
        },
        restarts,
        restart_policy: RestartPolicy::default(),
        oom_killed: false,
        exit_code: ill.then_some(1),
        started_at: Some(if restarts > 0 && !ill { at(WELL) } else { at(-86_400 * 9) }),
        finished_at: ill.then(|| at(DOWN)),
        ports: Vec::new(),
    }
}

fn hex(text: &str) -> String {
    text.bytes().take(6).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn services(server: &str) -> &'static [&'static str] {
    match server {
        "web-1" | "web-2" => &["web", "api"],
        "db-1" => &["postgres", "worker"],
        "stage-db" => &["postgres"],
        "cache-1" => &["redis"],
        _ => &["web", "api", "redis"],
    }
}

fn vitals(n: usize, server: &str, second: i64) -> Vitals {
    let gib = |n: f64| Bytes((n * f64::from(1 << 30)) as u64);
    let busy =
        6.0 + 9.0 * wave(n, second) + if down(second) && server.starts_with("web") { 22.0 } else { 0.0 };
    let share = match (server, second) {
        ("db-1", ..FILLS) => 0.71 + 0.28 * (second as f64 / FILLS as f64).max(0.0),
        ("db-1", FILLS..FREED) => 1.0,
        ("db-1", _) => 0.62,
        _ => 0.31 + 0.05 * n as f64,
    };
    let total = 80.0;
    let disk = DiskUse {
        mount: if server.ends_with("db-1") || server.ends_with("-db") { "/var/lib" } else { "/" }.into(),
        device: "/dev/vda1".into(),
        total: gib(total),
        used: gib(total * share),
        available: if share >= 1.0 { Bytes(0) } else { gib(total * (1.0 - share)) },
        inodes_used: Some(Percent(4.0 + n as f32)),
    };
    Vitals {
        cpu: Some(CpuUse { busy: Percent(busy), iowait: Percent(0.4), steal: Percent(0.0) }),
        cores: 4,
        load: [busy / 25.0, busy / 27.0, 0.5],
        memory: MemoryUse { total: gib(8.0), available: gib(4.6 - f64::from(wave(n + 9, second)) / 5.0) },
        swap: Some(SwapUse { total: gib(2.0), used: gib(0.1) }),
        disks: vec![disk],
        networks: vec![NetworkUse {
            interface: "eth0".into(),
            received: Bytes(90_000 + (wave(n + 3, second) * 40_000.0) as u64),
            sent: Bytes(140_000 + (wave(n + 4, second) * 60_000.0) as u64),
            errors: 0,
        }],
        uptime: Duration::from_secs(u64::try_from(86_400 * 41 + second).unwrap()),
        files: Some((2_300, 800_000)),
        clock_offset_ms: Some(n.cast_signed() as i64 - 2),
        reboot_required: Some(false),
        ..Vitals::default()
    }
}

/// The few requests of a minute in the night; in the outage half of them fail, and not at once.
fn access(n: usize, second: i64) -> AccessStats {
    let requests = 9 + (wave(n + 8, second) * 9.0) as u64;
    let (errors, slow) = if down(second) { (requests / 2, 30) } else { (0, 1) };
    let time = |millis: u64| Some(Duration::from_millis(millis + (wave(n + 9, second) * 9.0) as u64));
    AccessStats {
        label: "caddy".to_owned(),
        window: Duration::from_secs(60),
        requests,
        rate: requests as f64 / 60.0,
        errors: Percent::of(errors, requests),
        p50: time(12),
        p95: time(48 * slow),
        p99: time(91 * slow),
        unread: 0,
    }
}

fn checks(second: i64) -> Vec<CheckResult> {
    let check = |name: &str, kind, target: &str, from: Option<&str>, bad: &str, millis: u64| {
        let failing = down(second) && !bad.is_empty();
        CheckResult {
            check: name.into(),
            kind,
            target: target.into(),
            from: from.map(ServerId::from),
            verdict: if failing { Verdict::new(Health::Down, bad) } else { Verdict::up() },
            latency: (!failing)
                .then(|| Duration::from_millis(millis + (wave(millis as usize, second) * 20.0) as u64)),
            interval: Duration::from_secs(STEP as u64),
            facts: Vec::new(),
            figures: Vec::new(),
            failures: u32::from(failing),
            blocked_by: None,
        }
    };
    vec![
        check("shop-home", CheckKind::Http, "https://shop.example/", None, "answered 502 Bad Gateway", 84),
        check(
            "shop-checkout",
            CheckKind::Http,
            "https://shop.example/checkout",
            None,
            "answered 503 Service Unavailable",
            120,
        ),
        check("orders-db", CheckKind::Postgres, "127.0.0.1:5432", Some("db-1"), "connection refused", 3),
        check("certificate", CheckKind::Tls, "shop.example:443", None, "", 41),
    ]
}

fn lines(second: i64) -> Vec<(&'static str, &'static str, String)> {
    let mut lines = Vec::new();
    let order = 48_100 + second * 3;
    for server in ["web-1", "web-2"] {
        if down(second) {
            lines.push((server, "shop-api-1", format!(r#"{{"level":"error","msg":"cannot reach the database","err":"connect ECONNREFUSED db-1:5432","order":{order},"status":503}}"#)));
            lines.push((
                server,
                "shop-web-1",
                format!(
                    r#"{{"level":"warn","msg":"upstream failed","path":"/checkout","status":502,"ms":{}}}"#,
                    3 + second % 4
                ),
            ));
        } else {
            lines.push((
                server,
                "shop-api-1",
                format!(
                    r#"{{"level":"info","msg":"order placed","order":{order},"ms":{}}}"#,
                    18 + second % 13
                ),
            ));
            lines.push((
                server,
                "shop-web-1",
                format!(r#"{{"level":"info","msg":"GET /cart","status":200,"ms":{}}}"#, 9 + second % 7),
            ));
        }
    }
    let mut database = |text: &str| lines.push(("db-1", "shop-postgres-1", text.to_owned()));
    match second {
        FILLS => database("ERROR:  could not extend file \"base/16384/16412\": No space left on device"),
        22 => database("PANIC:  could not write to file \"pg_wal/xlogtemp.88\": No space left on device"),
        24 => database("LOG:  server process (PID 88) was terminated by signal 6: Aborted"),
        DOWN => database("LOG:  database system is shut down"),
        84 => database("LOG:  database system was interrupted; last known up at 2026-11-20 03:00:22 UTC"),
        86 => database("LOG:  redo done at 0/5A3C8F10"),
        WELL => database("LOG:  database system is ready to accept connections"),
        _ if !down(second) && second % 10 == 0 => {
            database("LOG:  checkpoint complete: wrote 212 buffers (1.3%)");
        }
        _ => {}
    }
    lines
}

fn observed(server: &str, second: i64, observation: Observation) -> (Timestamp, Event) {
    (at(second), Event::Batch(Batch { server: server.into(), at: at(second), observation }))
}

fn events() -> Vec<(Timestamp, Event)> {
    let mut events = vec![(at(0), Event::Setup(setup()))];
    for (server, _) in SERVERS {
        events.push(observed(server, 0, Observation::Link(Link::Up)));
        let facts = ServerFacts {
            hostname: server.into(),
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.12.48".into(),
            arch: "x86_64".into(),
            user: "ops".into(),
        };
        events.push(observed(server, 0, Observation::Facts(facts)));
    }
    for second in 0..=LENGTH {
        for (n, (server, _)) in SERVERS.into_iter().enumerate() {
            let turn =
                second == 0 || (second - n.cast_signed() as i64).rem_euclid(STEP.cast_signed() as i64) == 0;
            let changed = [DOWN, DOWN + 15, DOWN + 30, DOWN + 45, WELL].contains(&second);
            if turn {
                events.push(observed(server, second, Observation::Vitals(vitals(n, server, second))));
            }
            if second % 15 == 0 || changed {
                let all: Vec<Container> =
                    services(server).iter().map(|it| container(server, it, second)).collect();
                let usage = all.iter().filter(|it| it.state == ContainerState::Running).map(|it| {
                    let memory = Bytes(180 << 20);
                    let cpu = Percent(1.5 + 2.0 * wave(n, second));
                    let traffic = |seed: usize, most: f32| Some(Bytes((most * wave(seed, second)) as u64));
                    let database = it.service.as_deref() == Some("postgres");
                    let usage = ContainerUsage {
                        cpu,
                        memory,
                        memory_limit: None,
                        received: traffic(n + 5, 90_000.0),
                        sent: traffic(n + 6, 160_000.0),
                        // A container that never touched a disk is not counted.
                        read: database.then_some(Bytes(0)),
                        written: traffic(n + 7, 400_000.0).filter(|_| database),
                    };
                    (it.id.clone(), usage)
                });
                let usage = Observation::Usage(usage.collect());
                events.push(observed(server, second, Observation::Containers(all)));
                events.push(observed(server, second, usage));
            }
            if second % 10 == 0 && server.starts_with("web") {
                events.push(observed(server, second, Observation::Access(access(n, second))));
            }
            if second % 15 == 0 && server == "stage-db" {
                // One thing that cannot be read, as there is on most fleets.
                let refused =
                    Failure::new(FailureKind::Unsupported, "read the units of stage-db", "no systemd here");
                events.push(observed(server, second, Observation::Failed(Subject::Units, refused)));
            } else if second % 15 == 0 {
                let units = Units { system: "running".into(), ..Units::default() };
                events.push(observed(server, second, Observation::Units(units)));
            }
        }
        if second % STEP.cast_signed() as i64 == 1 || second == DOWN + 1 || second == WELL + 1 {
            for result in checks(second) {
                let server = result.from.clone().unwrap_or_else(|| ServerId::LOCAL.into());
                events.push(observed(server.as_str(), second, Observation::Check(result)));
            }
        }
        if second % 60 == 3 {
            let told = Observation::Backups("main".into(), backups());
            events.push(observed(ServerId::LOCAL, second, told));
            let took = Some(Duration::from_secs(41));
            let drilled = Drilled { at: at(-3 * 24 * 3600), failed: None, restored_in: took };
            let told = Observation::Drills(vec![("orders".into(), drilled)]);
            events.push(observed(ServerId::LOCAL, second, told));
        }
        if second % 2 == 0 {
            for (server, name, text) in lines(second) {
                let mut builder = ChunkBuilder::default();
                builder.push_raw(&text, at(second), Flags::NONE);
                let source =
                    LogSource { server: server.into(), stream: LogStream::Container { name: name.into() } };
                events.push((at(second), Event::Logs(LogBatch::new(source, builder.take(), 0))));
            }
        }
    }
    events
}

#[test]
fn the_demo_s_recording_is_what_is_made_here() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo.jsonl");
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("demo.jsonl");
    let mut recorder = recording::Recorder::create(&made).unwrap();
    for (at, event) in events() {
        recorder.take(&event, at);
    }
    recorder.finish().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::copy(&made, &path).unwrap();
    }
    let (made, there) = (std::fs::read(&made).unwrap(), std::fs::read(&path).unwrap());
    assert!(made == there, "src/cli/demo.jsonl is not what is made here; UPDATE=1 writes it anew");
    assert!(made.len() < 336 * 1024, "{} bytes", made.len());
}

/// The state of a console that was told the recording up to a second.
pub(crate) fn told(until: i64) -> State {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo.jsonl");
    let mut state = State::new(120, 40, 64 << 20);
    for entry in recording::from_file(&path).unwrap() {
        let entry = entry.unwrap();
        if entry.at > at(until) {
            break;
        }
        state.now = entry.at;
        match entry.event {
            Event::Setup(setup) => {
                state.fleet.configure(&setup);
                state.setup = setup;
            }
            Event::Batch(batch) => {
                state.observe(batch);
            }
            _ => {}
        }
        state.fleet.refresh(state.now);
    }
    state
}

#[test]
fn it_is_calm_before_and_after_and_one_problem_explains_the_outage() {
    let calm = told(4);
    assert!(calm.fleet.problems().is_empty(), "{:?}", calm.fleet.problems());
    let outage = told(60);
    let problems = outage.fleet.problems();
    let disk = problems.iter().find(|it| it.cause.contains("/var/lib")).expect("the full disk is a problem");
    assert!(disk.affects.len() >= 3, "{problems:#?}");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    let after = told(LENGTH);
    let worst: Vec<_> = after.fleet.problems().iter().filter(|it| it.severity == Health::Down).collect();
    assert!(worst.is_empty(), "{worst:#?}");
}
