//! Collectors and their supervisor against this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use midwatch::collectors::supervisor::{Connections, ServerPlan, Supervisor};
use midwatch::config::{IntervalsConfig, ServerConfig};
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::ids::ServerId;
use midwatch::message::batch::{Observation, Subject};
use midwatch::runtime::clock::SystemClock;
use midwatch::transports::{Local, Transport};

use crate::recorder::Recorder;

/// This machine, under any name.
#[derive(Default)]
pub struct Here {
    made: AtomicU32,
}

#[async_trait::async_trait]
impl Connections for Here {
    async fn wait_up(&self, _server: &ServerId) -> Result<Arc<dyn Transport>, Failure> {
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Local))
    }
}

fn plan(change: impl FnOnce(&mut ServerConfig)) -> ServerPlan {
    let mut server = ServerConfig::local();
    server.collect.containers = false;
    server.collect.units = false;
    server.collect.files = false;
    change(&mut server);
    let intervals = IntervalsConfig { vitals: Duration::from_millis(200), ..IntervalsConfig::default() };
    ServerPlan { server, intervals, routes: Vec::new(), archives: Vec::new() }
}

fn supervisor(out: &Arc<Recorder>) -> Supervisor {
    Supervisor::new(Arc::new(Here::default()), Arc::new(SystemClock), out.clone())
}

fn one(plan: ServerPlan) -> BTreeMap<ServerId, ServerPlan> {
    BTreeMap::from([("here".into(), plan)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vitals_of_this_machine_come_at_once_and_then_with_rates() {
    let out = Arc::new(Recorder::default());
    let supervisor = supervisor(&out);
    let started = tokio::time::Instant::now();
    supervisor.update(one(plan(|_| {})));
    let vitals = |batch: &midwatch::message::batch::Batch| match &batch.observation {
        Observation::Vitals(vitals) => Some(vitals.clone()),
        _ => None,
    };
    let first = out.until(5, vitals).await;
    let first_after = started.elapsed();
    assert!(first.memory.total.0 > 0 && !first.uptime.is_zero());
    assert_eq!(first.cpu, None, "the first look has nothing to compare with");
    let full = out.until(5, |batch| vitals(batch).filter(|vitals| vitals.cpu.is_some())).await;
    println!("first values after {first_after:?}, with rates after {:?}", started.elapsed());
    let busy = full.cpu.unwrap();
    assert!(full.cores > 0);
    assert!((0.0..=100.0).contains(&busy.busy.0));
    assert!(full.disks.iter().any(|disk| disk.mount == "/"), "{:?}", full.disks);
    let offset = out.until(5, |batch| vitals(batch)?.clock_offset_ms).await;
    assert!(offset.abs() < 200, "this machine's clock is {offset} ms off itself");
    let facts = out
        .until(5, |batch| match &batch.observation {
            Observation::Facts(facts) => Some(facts.clone()),
            _ => None,
        })
        .await;
    assert!(!facts.kernel.is_empty() && !facts.user.is_empty(), "{facts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_supervisor_leaves_no_shell_behind() {
    let out = Arc::new(Recorder::default());
    let supervisor = supervisor(&out);
    supervisor.update(one(plan(|_| {})));
    out.until(5, |batch| matches!(batch.observation, Observation::Vitals(_)).then_some(())).await;
    let mine = || children_of(std::process::id());
    assert!(!mine().is_empty(), "a shell answers for the vitals");
    drop(supervisor);
    for _ in 0..100 {
        if mine().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still there: {:?}", mine());
}

/// Living processes whose parent is `parent`, by `/proc`. Under cargo test other tests of this
/// process may have some too; nextest gives each test a process of its own.
fn children_of(parent: u32) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let stats = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stats
        .filter(|stat| {
            let mut fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
            let doing = fields.next();
            doing != Some("Z") && fields.next() == Some(parent.to_string().as_str())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_engine_is_unsupported_and_says_so() {
    let out = Arc::new(Recorder::default());
    let supervisor = supervisor(&out);
    supervisor.update(one(plan(|server| {
        server.collect.vitals = false;
        server.collect.containers = true;
        server.docker = Some("/nonexistent/docker.sock".into());
    })));
    let failure = out
        .until(10, |batch| match &batch.observation {
            Observation::Failed(Subject::Containers, failure) => Some(failure.clone()),
            _ => None,
        })
        .await;
    assert_eq!(failure.kind, FailureKind::Unsupported, "{failure}");
    assert!(failure.to_string().contains("/nonexistent/docker.sock"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_nobody_looks_at_is_read_less_often() {
    let out = Arc::new(Recorder::default());
    let supervisor = supervisor(&out);
    supervisor.set_watched([]);
    supervisor.update(one(plan(|_| {})));
    let looks =
        || out.take().iter().filter(|batch| matches!(batch.observation, Observation::Vitals(_))).count();
    out.until(5, |batch| {
        matches!(&batch.observation, Observation::Vitals(v) if v.clock_offset_ms.is_some()).then_some(())
    })
    .await;
    looks();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let background = looks();
    supervisor.set_watched(["here".into()]);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let watched = looks();
    assert!(background <= 2 && watched >= 4, "{background} looks in the background, {watched} watched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_plan_begins_anew_and_an_unchanged_one_does_not() {
    let out = Arc::new(Recorder::default());
    let connections = Arc::new(Here::default());
    let supervisor = Supervisor::new(connections.clone(), Arc::new(SystemClock), out.clone());
    let facts =
        || out.take().iter().filter(|batch| matches!(batch.observation, Observation::Facts(_))).count();
    let came = || out.until(5, |batch| matches!(batch.observation, Observation::Facts(_)).then_some(()));
    supervisor.update(one(plan(|_| {})));
    came().await;
    assert_eq!(facts(), 1);
    supervisor.update(one(plan(|_| {})));
    supervisor.update(one(plan(|server| server.user = Some("other".into()))));
    came().await;
    assert_eq!((facts(), connections.made.load(Ordering::Relaxed)), (1, 2));
    supervisor.update(BTreeMap::new());
    // What was under way on another thread ends at its next wait.
    tokio::time::sleep(Duration::from_millis(500)).await;
    out.take();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(out.take().is_empty(), "a removed server goes on");
}
