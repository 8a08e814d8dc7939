//! What a fleet of 500 servers costs: its series over a day, and judging it again each second.
//! `cargo bench --bench fleet`; needs Linux, for the resident size.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and prints what it measured"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use midwatch::domain::container::{Container, ContainerHealth, ContainerState, RestartPolicy};
use midwatch::domain::ids::ServerId;
use midwatch::domain::link::Link;
use midwatch::domain::metric::{Metric, SeriesKey};
use midwatch::domain::quantity::{Bytes, Percent};
use midwatch::domain::setup::{ServerSetup, Setup};
use midwatch::domain::thresholds::Thresholds;
use midwatch::domain::time::Timestamp;
use midwatch::domain::vitals::{CpuUse, DiskUse, MemoryUse, Vitals};
use midwatch::store::fleet::Fleet;
use midwatch::store::series::SeriesStore;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SERVERS: usize = 500;
const CONTAINERS: usize = 20;
const METRICS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn main() -> Outcome<()> {
    println!("{SERVERS} servers, {CONTAINERS} containers each, {} series each\n", METRICS.len());
    row("what", "figure", "beside it");
    series()?;
    fleet();
    Ok(())
}

fn row(what: &str, figure: &str, beside: &str) {
    println!("{what:<58}{figure:>14}  {beside}");
}

fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}

/// The megabytes that are resident now.
fn resident() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024.0 / 1e6)
}

fn names() -> Vec<ServerId> {
    (0..SERVERS).map(|n| ServerId::from(format!("server-{n:03}"))).collect()
}

/// A full day by the minute, then a quarter of an hour in detail.
fn series() -> Outcome<()> {
    let names = names();
    let before = resident()?;
    let mut store = SeriesStore::default();
    let mut value = 0_u32;
    let mut samples = 0_usize;
    let start = Instant::now();
    for step in 0..1440_i64 + 450 {
        let detail = step >= 1440;
        let secs = if detail { 86_400 + (step - 1440) * 2 } else { step * 60 };
        let interval = Duration::from_secs(if detail { 2 } else { 60 });
        for server in &names {
            for metric in METRICS {
                value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let metric = Metric::Prometheus(metric.into());
                store.record(server, metric, f64::from(value >> 8), Timestamp::from_secs(secs), interval);
                samples += 1;
            }
        }
    }
    let time = start.elapsed();
    row("series of a full day, resident", &format!("{:.1} MB", resident()? - before), "want 40 MB");
    row(
        "series of a full day, as the store counts them",
        &format!("{:.1} MB", store.bytes() as f64 / 1e6),
        "",
    );
    let rate = samples as f64 / time.as_secs_f64() / 1000.0;
    row("values taken", &format!("{rate:.0} k/s"), "3 k/s come at an interval of 2 s");
    let key = SeriesKey { server: names[7].clone(), metric: Metric::Prometheus(METRICS[3].into()) };
    let to = Timestamp::from_secs(86_400 + 900);
    let start = Instant::now();
    for _ in 0..100 {
        black_box(store.points(&key, to - Duration::from_secs(86_400), to, 200));
    }
    row("a day in 200 parts", &millis(start.elapsed() / 100), "");
    Ok(())
}

fn setup(id: &ServerId) -> ServerSetup {
    ServerSetup {
        id: id.clone(),
        address: id.to_string(),
        environment: None,
        labels: std::collections::BTreeMap::default(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(2),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    }
}

fn vitals() -> Vitals {
    Vitals {
        cpu: Some(CpuUse { busy: Percent(10.0), ..CpuUse::default() }),
        memory: MemoryUse { total: Bytes(100), available: Bytes(60) },
        disks: vec![
            DiskUse { mount: "/".into(), used: Bytes(1), available: Bytes(9), ..DiskUse::default() };
            3
        ],
        ..Vitals::default()
    }
}

fn containers(server: usize) -> Vec<Container> {
    let one = |n: usize| Container {
        id: format!("{n:064}").into(),
        name: format!("shop-web-{n}"),
        project: Some(format!("shop-{}", server / 3)),
        service: Some(format!("web{}", n % 5)),
        image: "registry/shop:1".to_owned(),
        digest: None,
        state: ContainerState::Running,
        health: if n == 0 { ContainerHealth::Unhealthy } else { ContainerHealth::Healthy },
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

/// One second of a fleet in which one container of each server is unhealthy.
fn fleet() {
    let names = names();
    let mut fleet = Fleet::default();
    fleet.configure(&Setup { servers: names.iter().map(setup).collect(), ..Setup::default() });
    let start = Timestamp::from_secs(1000);
    for (n, server) in names.iter().enumerate() {
        fleet.link(server, Link::Up, start);
        fleet.containers(server, containers(n), start);
    }
    let (mut applied, mut refreshed, mut again) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let rounds = 20;
    for round in 0..rounds {
        let now = start + Duration::from_secs(round);
        let before = Instant::now();
        for server in &names {
            fleet.vitals(server, vitals(), now);
        }
        applied += before.elapsed();
        let before = Instant::now();
        black_box(fleet.refresh(now));
        refreshed += before.elapsed();
        fleet.vitals(&names[0], vitals(), now);
        let before = Instant::now();
        black_box(fleet.refresh(now));
        again += before.elapsed();
    }
    let rounds = u32::try_from(rounds).unwrap_or(1);
    row(
        &format!("judge all, {} problems", fleet.problems().len()),
        &millis(refreshed / rounds),
        "once a second",
    );
    row("judge again after one server's vitals", &millis(again / rounds), "");
    row("take vitals of all", &millis(applied / rounds), "");
}
