//! Collectors against the lab's servers: what they say of them, what they cost there, and what
//! happens to them when something breaks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use midwatch::collectors::logs::LogRange;
use midwatch::collectors::supervisor::{Following, LinkReporter, ServerPlan, Supervisor};
use midwatch::config::{Become, IntervalsConfig, ServerConfig};
use midwatch::domain::container::{Container, ContainerHealth, ContainerState};
use midwatch::domain::failure::{Failure, FailureKind};
use midwatch::domain::ids::ServerId;
use midwatch::domain::link::Link;
use midwatch::domain::log_source::{LogSource, LogStream};
use midwatch::domain::quantity::Bytes;
use midwatch::domain::question::NobodyThere;
use midwatch::domain::vitals::Vitals;
use midwatch::message::batch::{Batch, Observation, Subject};
use midwatch::message::log_batch::LogBatch;
use midwatch::runtime::clock::SystemClock;
use midwatch::transports::{LinkOptions, Links, ServerTarget, SshTarget};
use tokio::time::Instant;

use crate::cuttable::Cuttable;
use crate::lab::Lab;
use crate::recorder::Recorder;

/// A supervisor over a real connection to one of the lab's servers.
pub struct Watch {
    pub out: Arc<Recorder>,
    links: Arc<Links>,
    way: Arc<Cuttable>,
    pub supervisor: Supervisor,
    pub server: ServerId,
}

impl Watch {
    pub fn new(lab: &Lab, server: &str, change: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::as_user(lab, server, None, change)
    }

    fn as_user(lab: &Lab, server: &str, user: Option<&str>, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let out = Arc::new(Recorder::default());
        let target = SshTarget {
            user: user.map(str::to_owned),
            ssh_config: Some(lab.path("/ssh_config")),
            known_hosts: vec![lab.path("/known_hosts")],
            ..SshTarget::new(server)
        };
        let id = ServerId::from(server);
        let links = Links::new(
            [(id.clone(), ServerTarget::Ssh(Box::new(target)))],
            Arc::new(SystemClock),
            Arc::new(NobodyThere),
            Arc::new(LinkReporter::new(Arc::new(SystemClock), out.clone())),
            LinkOptions::default(),
        );
        let links = Arc::new(links);
        let way = Cuttable::over(Arc::<Links>::clone(&links));
        let supervisor = Supervisor::new(way.clone(), Arc::new(SystemClock), out.clone());
        let mut config = ServerConfig::default();
        config.collect.vitals = false;
        config.collect.containers = false;
        config.collect.units = false;
        config.collect.files = false;
        change(&mut config);
        let plan = ServerPlan {
            server: config,
            intervals: IntervalsConfig::default(),
            routes: Vec::new(),
            archives: Vec::new(),
        };
        supervisor.update(BTreeMap::from([(id.clone(), plan)]));
        Self { out, links, way, supervisor, server: id }
    }

    pub fn follow(&self, stream: LogStream, range: LogRange) -> Following {
        self.supervisor.follow(LogSource { server: self.server.clone(), stream }, range).unwrap()
    }

    async fn failure(&self, subject: &Subject) -> Failure {
        self.out
            .until(30, |batch| match &batch.observation {
                Observation::Failed(of, failure) if of == subject => Some(failure.clone()),
                _ => None,
            })
            .await
    }
}

fn vitals(batch: &Batch) -> Option<Vitals> {
    match &batch.observation {
        Observation::Vitals(vitals) => Some(vitals.clone()),
        _ => None,
    }
}

fn containers(batch: &Batch) -> Option<&Vec<Container>> {
    match &batch.observation {
        Observation::Containers(containers) => Some(containers),
        _ => None,
    }
}

fn containers_seen(batch: &Batch) -> Option<()> {
    containers(batch).map(|_| ())
}

pub fn container(name: &str) -> LogStream {
    LogStream::Container { name: name.to_owned() }
}

pub fn count(logs: &[LogBatch]) -> usize {
    logs.iter().map(|batch| batch.chunk.len()).sum()
}

fn out(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A container of the lab that is removed when the test ends, however it does.
pub struct Temporary<'a> {
    lab: &'a Lab,
    server: &'a str,
    pub name: String,
}

impl<'a> Temporary<'a> {
    pub fn run(lab: &'a Lab, server: &'a str, name: &str, arguments: &str) -> Self {
        let this = Self { lab, server, name: name.to_owned() };
        this.remove();
        let started = lab.ssh(server, &format!("docker run -d --name {name} {arguments}"));
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        this
    }

    fn remove(&self) {
        self.lab.ssh(self.server, &format!("docker rm -f {}", self.name));
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The numbers that the lab's `noisy` image writes, in order, none missing and none twice.
pub fn assert_numbered(lines: &[String]) {
    let number = |line: &String| -> u64 {
        let digits = line.split(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty());
        digits.unwrap_or_else(|| panic!("no number in {line:?}")).parse().unwrap()
    };
    let first = number(&lines[0]);
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(number(line), first + at as u64, "line {at} of {}: {line}", lines.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn first_values_of_a_server_come_within_a_connection_and_little_more() {
    let lab = Lab::get();
    let started = Instant::now();
    let watch = Watch::new(&lab, "db-1", |config| config.collect.vitals = true);
    let up = |batch: &Batch| {
        matches!(batch.observation, Observation::Link(midwatch::domain::link::Link::Up)).then_some(())
    };
    watch.out.until(20, up).await;
    let connected = started.elapsed();
    watch.out.until(20, vitals).await;
    let first = started.elapsed();
    let full = watch.out.until(20, |batch| vitals(batch).filter(|v| v.cpu.is_some())).await;
    println!(
        "connected {connected:?}, first {:?} later, with rates {:?} later",
        first - connected,
        started.elapsed() - connected
    );
    assert!(full.memory.total.0 > 0 && full.pressure.is_some());
    assert!(full.disks.iter().any(|disk| disk.mount == "/srv/small"), "{:?}", full.disks);
    let offset = watch.out.until(20, |batch| vitals(batch)?.clock_offset_ms).await;
    assert!(offset.abs() < 500, "{offset} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn busybox_is_enough_for_vitals() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "busy-1", |config| {
        config.collect.vitals = true;
        config.collect.containers = true;
        config.collect.units = true;
    });
    let full = watch.out.until(20, |batch| vitals(batch).filter(|v| v.cpu.is_some())).await;
    assert!(full.memory.total.0 > 0 && full.cores > 0);
    assert!(
        full.disks.iter().any(|disk| disk.mount == "/" && disk.inodes_used.is_some()),
        "{:?}",
        full.disks
    );
    for subject in [Subject::Containers, Subject::Units] {
        let failure = watch.failure(&subject).await;
        assert_eq!(failure.kind, FailureKind::Unsupported, "{failure}");
        assert!(failure.reason().contains("here") || failure.reason().contains("not"), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn a_clock_ten_minutes_off_is_told() {
    let lab = Lab::get();
    let watch = Watch::as_user(&lab, "web-1", Some("late"), |config| config.collect.vitals = true);
    let offset = watch.out.until(20, |batch| vitals(batch)?.clock_offset_ms).await;
    assert!((599_000..601_000).contains(&offset), "{offset} ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn vitals_cost_a_server_less_than_one_percent_and_eight_mebibytes() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-1", |config| config.collect.vitals = true);
    watch.out.until(20, vitals).await;
    // The shell, and the children that it has waited for, as the kernel counts them.
    let ask = "for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in 'sh -c exec 2>/dev/null'*) \
               echo $(cut -d' ' -f14-17 $p/stat) $(awk '/VmHWM/{print $2}' $p/status);; esac; done";
    let read = || -> (u64, u64) {
        let text = out(&lab.ssh("web-1", ask));
        let line = text.lines().next().unwrap_or_else(|| panic!("no shell found: {text}")).to_owned();
        let numbers: Vec<u64> = line.split(' ').map(|word| word.parse().unwrap()).collect();
        (numbers[..4].iter().sum(), numbers[4])
    };
    let (before, _) = read();
    let seconds = 40;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let (after, kib) = read();
    let share = (after - before) as f64 / seconds as f64;
    println!("vitals at 2 s: {share:.2} % of a core, {kib} KiB");
    assert!(share < 1.0 && kib < 8192, "{share} %, {kib} KiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn containers_are_told_with_project_health_restarts_and_digest() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-2", |config| config.collect.containers = true);
    let started = Instant::now();
    let all = watch.out.until(30, |batch| containers(batch).cloned()).await;
    println!("{} containers after {:?}", all.len(), started.elapsed());
    let find = |name: &str| {
        all.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name} in {all:?}")).clone()
    };
    let web = find("shop-web-1");
    assert_eq!((web.project.as_deref(), web.service.as_deref()), (Some("shop"), Some("web")));
    assert_eq!((web.state, web.health), (ContainerState::Running, ContainerHealth::Healthy));
    assert!(web.digest.as_deref().is_some_and(|digest| digest.starts_with("sha256:")), "{:?}", web.digest);
    assert!(web.started_at.is_some());
    let crashing = find("bad-api-1");
    assert!(crashing.restarts > 0, "{crashing:?}");
    let asked = "for n in $(seq 80); do curl -so /dev/null http://127.0.0.1/; sleep 0.1; done";
    let asking = std::thread::spawn(move || Lab::get().ssh("web-2", asked));
    let usage = watch
        .out
        .until(30, |batch| match &batch.observation {
            Observation::Usage(usage) => {
                usage.iter().find(|(id, it)| *id == web.id && it.received > Some(Bytes(0))).cloned()
            }
            _ => None,
        })
        .await
        .1;
    assert!(usage.memory.0 > 0 && usage.cpu.0 < 200.0, "{usage:?}");
    assert!(usage.sent > Some(Bytes(0)), "it was asked and answered: {usage:?}");
    // The lab's kernel counts block I/O by control group on some machines only; either way no rate is
    // made up: both are told, or neither is.
    assert_eq!(usage.read.is_some(), usage.written.is_some(), "{usage:?}");
    assert!(asking.join().unwrap().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn a_container_that_comes_and_goes_is_told_at_once() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-1", |config| config.collect.containers = true);
    watch.out.until(30, |batch| containers(batch).map(|_| ())).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let state = |state: ContainerState| {
        move |batch: &Batch| {
            let one = containers(batch)?.iter().find(|one| one.name == "cometest")?.clone();
            (one.state == state).then_some(one)
        }
    };
    {
        let _container = Temporary::run(&lab, "web-1", "cometest", "registry:5000/shop:noisy sleep 600");
        let ran = Instant::now();
        watch.out.until(10, state(ContainerState::Running)).await;
        println!("seen {:?} after docker run returned", ran.elapsed());
        lab.ssh("web-1", "docker kill cometest");
        let ended = watch.out.until(10, state(ContainerState::Exited)).await;
        assert_eq!(ended.exit_code, Some(137));
        watch.out.take();
    }
    watch
        .out
        .until(10, |batch| containers(batch)?.iter().all(|one| one.name != "cometest").then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn a_hundred_containers_that_die_neither_flood_nor_stay() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-1", |config| config.collect.containers = true);
    let before = watch.out.until(30, |batch| containers(batch).map(Vec::len)).await;
    watch.out.take();
    let started = Instant::now();
    let script = "for n in $(seq 100); do docker run --rm --name dying-$n --net none registry:5000/shop:noisy true; done";
    let lab_out = tokio::task::spawn_blocking(move || Lab::get().ssh("web-1", script)).await.unwrap();
    assert!(lab_out.status.success(), "{}", String::from_utf8_lossy(&lab_out.stderr));
    let took = started.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let batches = watch.out.take();
    let lists: Vec<usize> = batches.iter().filter_map(containers).map(Vec::len).collect();
    println!("100 containers in {took:?}: {} lists published, {} batches", lists.len(), batches.len());
    assert!(
        lists.len() as f64 <= 4.0 * (took.as_secs_f64() + 2.0) + 4.0,
        "{} lists in {took:?}",
        lists.len()
    );
    assert_eq!(lists.last().copied(), Some(before));
    assert!(lists.iter().max().unwrap() <= &(before + 8), "{lists:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn a_user_without_the_group_is_told_which_one() {
    let lab = Lab::get();
    let watch = Watch::as_user(&lab, "web-1", Some("plain"), |config| config.collect.containers = true);
    let failure = watch.failure(&Subject::Containers).await;
    assert_eq!(failure.kind, FailureKind::Permission, "{failure}");
    assert!(failure.to_string().contains("usermod -aG docker plain"), "{failure}");
    let stream = LogStream::Journal { unit: None };
    let _following = watch.follow(stream.clone(), LogRange::follow(10));
    let failure = watch.failure(&Subject::Logs(stream)).await;
    assert_eq!(failure.kind, FailureKind::Permission, "{failure}");
    assert!(failure.to_string().contains("systemd-journal"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn failed_and_flapping_units_and_timers_are_told() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "db-1", |config| config.collect.units = true);
    let units = watch
        .out
        .until(90, |batch| match &batch.observation {
            Observation::Units(units) if !units.flapping.is_empty() => Some(units.clone()),
            _ => None,
        })
        .await;
    let named = |units: &[midwatch::domain::unit::Unit], name: &str| {
        units.iter().any(|unit| unit.name.as_str() == name)
    };
    assert!(named(&units.failed, "broken.service"), "{:?}", units.failed);
    assert!(named(&units.flapping, "flapping.service"), "{:?}", units.flapping);
    assert!(named(&units.services, "ssh.service"));
    let nightly = units.timers.iter().find(|timer| timer.name.as_str() == "nightly.timer").unwrap();
    assert!(nightly.next.is_some() && nightly.activates.as_str().starts_with("nightly"), "{nightly:?}");
    assert_eq!(units.system, "degraded");
}

/// Two timers of a moment: one job ends well, the other badly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn how_the_job_of_a_timer_ended_is_told_fault() {
    const MAKE: &str = r#"cd /run/systemd/system; for job in true false; do
      printf "[Service]\nType=oneshot\nExecStart=$job\n" >job-$job.service
      printf "[Timer]\nOnActiveSec=100ms\nAccuracySec=10ms\n" >job-$job.timer
    done; systemctl daemon-reload; systemctl start job-true.timer job-false.timer"#;
    const CLEAN: &str = r#"cd /run/systemd/system; systemctl stop job-true.timer job-false.timer;
      rm -f job-*; systemctl daemon-reload; systemctl reset-failed "job-*""#;
    let lab = Lab::get();
    lab.ssh("web-2", &format!("sudo sh -c '{MAKE}'"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let watch = Watch::new(&lab, "web-2", |config| config.collect.units = true);
    let told = watch
        .out
        .until(30, |batch| match &batch.observation {
            Observation::Units(units) => Some(units.timers.clone()),
            _ => None,
        })
        .await;
    lab.ssh("web-2", &format!("sudo sh -c '{CLEAN}'"));
    let result = |name: &str| {
        let timer = told.iter().find(|timer| timer.name.as_str() == name);
        let timer = timer.unwrap_or_else(|| panic!("no {name} in {told:?}"));
        (timer.last.is_some(), timer.result.clone())
    };
    assert_eq!(result("job-true.timer"), (true, "success".to_owned()));
    assert_eq!(result("job-false.timer"), (true, "exit-code".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn fault_a_containers_log_has_every_line_once_over_cut_connections() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-1", |_| {});
    let _noisy = Temporary::run(
        &lab,
        "web-1",
        "cutlog",
        "-e LINES=60000 -e PER_SECOND=4000 -e KIND=text registry:5000/shop:noisy",
    );
    let _following = watch.follow(container("cutlog"), LogRange { follow: true, ..LogRange::default() });
    for cut in 1..=5 {
        watch.out.until_logs(60, |logs| (count(logs) > cut * 8000).then_some(())).await;
        watch.way.cut();
    }
    watch.out.until_logs(90, |logs| (count(logs) >= 60_000).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let lines = watch.out.lines();
    assert_numbered(&lines);
    assert_eq!(lines.len(), 60_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn fault_a_real_cut_of_the_network_loses_no_line() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-2", |_| {});
    let _noisy = Temporary::run(
        &lab,
        "web-2",
        "realcut",
        "-e LINES=30000 -e PER_SECOND=1000 -e KIND=text registry:5000/shop:noisy",
    );
    let _following = watch.follow(container("realcut"), LogRange { follow: true, ..LogRange::default() });
    watch.out.until_logs(60, |logs| (count(logs) > 3000).then_some(())).await;
    {
        let fault = lab.fault("cut", "web-2", &[]);
        fault.run("kill-connections", &[]);
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    watch.out.until_logs(120, |logs| (count(logs) >= 30_000).then_some(())).await;
    let lines = watch.out.lines();
    assert_numbered(&lines);
    assert_eq!(lines.len(), 30_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn fault_the_journal_goes_on_by_its_cursor() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "db-1", |_| {});
    let write = |from: u32, to: u32| {
        let script = format!("seq -f 'n %.0f' {from} {to} | sudo -n systemd-cat -t cursor-test");
        assert!(lab.ssh("db-1", &script).status.success());
    };
    let _following = watch.follow(LogStream::Journal { unit: None }, LogRange::follow(1));
    let mine = |logs: &[LogBatch]| -> Vec<String> {
        let lines = logs
            .iter()
            .flat_map(|batch| batch.chunk.lines().map(|(text, ..)| text.to_owned()).collect::<Vec<_>>());
        lines.filter_map(|line| line.strip_prefix("cursor-test: ").map(str::to_owned)).collect()
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    write(1, 100);
    watch.out.until_logs(20, |logs| (mine(logs).len() >= 100).then_some(())).await;
    watch.way.cut();
    write(101, 200);
    watch.out.until_logs(20, |logs| (mine(logs).len() >= 200).then_some(())).await;
    watch.way.cut();
    write(201, 300);
    let lines = watch.out.until_logs(20, |logs| Some(mine(logs)).filter(|lines| lines.len() >= 300)).await;
    assert_eq!(lines, (1..=300).map(|n| format!("n {n}")).collect::<Vec<_>>());
}

/// What only root may read is refused, and read through `sudo` where the configuration says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn what_only_root_may_read_is_read_through_sudo() {
    const FILE: &str = "/var/log/only-root.log";
    let lab = Lab::get();
    let made = format!("sudo sh -c 'umask 077; echo kept from ops >{FILE}'; ls -l {FILE}");
    let made = lab.ssh("web-2", &made);
    let listed = String::from_utf8_lossy(&made.stdout).into_owned();
    assert!(listed.starts_with("-rw------- 1 root"), "{listed}");
    let stream = LogStream::File { path: FILE.into() };
    let plainly = Watch::new(&lab, "web-2", |_| {});
    let _following = plainly.follow(stream.clone(), LogRange::follow(10));
    let refused = plainly.failure(&Subject::Logs(stream.clone())).await;
    assert_eq!(refused.kind, FailureKind::Permission, "{refused}");
    let becoming = Watch::new(&lab, "web-2", |config| config.becoming = Become::Sudo);
    let _following = becoming.follow(stream, LogRange::follow(10));
    becoming.out.until_logs(20, |logs| (count(logs) == 1).then_some(())).await;
    assert_eq!(becoming.out.lines(), ["kept from ops"]);
    lab.ssh("web-2", &format!("sudo rm -f {FILE}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn a_file_on_busybox_is_followed_over_its_rotation() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "busy-1", |_| {});
    let write = |script: &str| assert!(lab.ssh("busy-1", script).status.success(), "{script}");
    write("rm -f /tmp/rot.log*; seq 1 50 > /tmp/rot.log");
    let _following = watch.follow(LogStream::File { path: "/tmp/rot.log".into() }, LogRange::follow(20));
    watch.out.until_logs(20, |logs| (count(logs) >= 20).then_some(())).await;
    write(
        "seq 51 60 >> /tmp/rot.log; mv /tmp/rot.log /tmp/rot.log.1; seq 61 70 > /tmp/rot.log; seq 71 80 >> /tmp/rot.log",
    );
    watch.out.until_logs(30, |logs| (count(logs) >= 50).then_some(())).await;
    watch.way.cut();
    write("seq 81 90 >> /tmp/rot.log");
    watch.out.until_logs(30, |logs| (count(logs) >= 60).then_some(())).await;
    assert_eq!(watch.out.lines(), (31..=90).map(|n| n.to_string()).collect::<Vec<_>>());
    write("rm -f /tmp/rot.log*");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn hostile_lines_and_a_giant_one_are_made_harmless() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-1", |_| {});
    let _hostile =
        Temporary::run(&lab, "web-1", "hostile", "-e LINES=2000 -e KIND=hostile registry:5000/shop:noisy");
    let _giant = Temporary::run(
        &lab,
        "web-1",
        "giant",
        "-e LINES=1 -e KIND=giant -e BYTES=10485760 registry:5000/shop:noisy",
    );
    let mut hostile = watch.follow(container("hostile"), LogRange::default());
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut giant = watch.follow(container("giant"), LogRange::default());
    for following in [&mut hostile, &mut giant] {
        tokio::time::timeout(Duration::from_secs(60), following.ended()).await.unwrap().unwrap();
    }
    let lines = watch.out.lines();
    let longest = lines.iter().map(String::len).max().unwrap();
    println!("{} lines, the longest {longest} bytes", lines.len());
    assert!(longest > 60_000 && longest <= 64 * 1024);
    assert!(lines.iter().all(|line| !line.chars().any(midwatch::domain::text::is_hostile)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn fault_a_restarted_engine_is_told_and_comes_back() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-2", |config| config.collect.containers = true);
    watch.out.until(30, |batch| containers(batch).map(|_| ())).await;
    watch.out.take();
    let fault = lab.fault("restart-engine", "web-2", &[]);
    let failure = watch.failure(&Subject::Containers).await;
    println!("{failure}");
    watch.out.take();
    watch.out.until(60, |batch| containers(batch).filter(|all| !all.is_empty()).map(|_| ())).await;
    drop(fault);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn fault_no_task_is_left_of_ten_lost_connections_and_their_logs() {
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-2", |config| {
        config.collect.vitals = true;
        config.collect.containers = true;
        config.collect.units = true;
    });
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let whole = || async {
        watch.out.until(20, vitals).await;
        watch.out.until(20, containers_seen).await;
    };
    whole().await;
    let mut most = 0;
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(tasks());
    }
    let streams = [
        container("shop-web-1"),
        LogStream::Journal { unit: None },
        LogStream::File { path: "/etc/passwd".into() },
    ];
    let mut with_logs = 0;
    let fault = lab.fault("kill-connections", "web-2", &[]);
    for round in 0..10 {
        if round > 0 {
            fault.run("kill-connections", &[]);
        }
        watch
            .out
            .until(10, |batch| {
                matches!(batch.observation, Observation::Link(Link::Down { .. })).then_some(())
            })
            .await;
        watch.out.take();
        let followed = streams.clone().map(|stream| watch.follow(stream, LogRange::follow(5)));
        // By itself it would be long in coming after many losses.
        watch.links.reconnect(&watch.server).await.unwrap();
        whole().await;
        with_logs = with_logs.max(tasks());
        drop(followed);
        watch.out.take();
    }
    assert!(with_logs > most, "no log is seen, so this shows nothing: {most}, then {with_logs}");
    let started = Instant::now();
    while tasks() > most {
        assert!(started.elapsed() < Duration::from_secs(10), "{} tasks, {most} before", tasks());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{most} tasks before, {with_logs} with three logs, {} at the end", tasks());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn access_logs_become_figures() {
    let lab = Lab::get();
    let figures = async |server: &str, path: &str, format| {
        let watch = Watch::new(&lab, server, |config| {
            config.collect.files = true;
            config.logs =
                vec![midwatch::config::LogFile { path: path.into(), format, label: Some("web".into()) }];
        });
        tokio::time::sleep(Duration::from_secs(3)).await;
        let asked = lab.ssh(server, "for n in 1 2 3 4 5 6 7 8; do curl -so /dev/null http://127.0.0.1/healthz; done; for n in 1 2; do curl -so /dev/null http://127.0.0.1/fail; done; curl -so /dev/null http://127.0.0.1/slow");
        assert!(asked.status.success());
        let stats = watch
            .out
            .until(30, |batch| match &batch.observation {
                Observation::Access(stats) if stats.requests >= 10 => Some(stats.clone()),
                _ => None,
            })
            .await;
        println!("{server}: {stats:?}");
        assert!(stats.errors.is_some_and(|share| share.0 > 0.0) && stats.unread == 0, "{stats:?}");
        assert!(stats.rate > 0.0 && stats.p50 <= stats.p95 && stats.p95 <= stats.p99, "{stats:?}");
        let times = [stats.p50, stats.p95, stats.p99].iter().flatten().count();
        if format == midwatch::config::LogFormat::Caddy {
            assert!(
                stats.p99.is_some_and(|p99| p99 > Duration::from_millis(600)),
                "one took 0.7 s: {stats:?}"
            );
        } else {
            assert_eq!(times, 0, "nginx's combined format has no times: {stats:?}");
        }
    };
    // Each waits for its first figures and the next, so both at once.
    tokio::join!(
        figures("web-1", "/var/log/caddy/access.log", midwatch::config::LogFormat::Caddy),
        figures("web-2", "/var/log/nginx/access.log", midwatch::config::LogFormat::Nginx),
    );
}

/// A figure, and no assertion about it: the target is all that the engine gives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the lab: tests/run"]
async fn figure_lines_a_second_from_a_container_and_from_a_file() {
    const LINES: usize = 100_000;
    let lab = Lab::get();
    let watch = Watch::new(&lab, "web-1", |_| {});
    let noisy = Temporary::run(
        &lab,
        "web-1",
        "ingest",
        &format!("-e LINES={LINES} -e KIND=text registry:5000/shop:noisy"),
    );
    assert!(
        lab.ssh("web-1", &format!("until docker logs --tail 1 ingest | grep -q 'line {LINES} '; do sleep 0.2; done; docker logs ingest > /tmp/ingest.log 2>&1")).status.success()
    );
    let ends = |batch: &Batch| matches!(batch.observation, Observation::Link(_)).then_some(());
    watch.out.until(20, ends).await;
    let streams = [container(&noisy.name), LogStream::File { path: "/tmp/ingest.log".into() }];
    let mut held = 0;
    for stream in streams {
        let what = stream.label().to_owned();
        let started = Instant::now();
        let range = LogRange { tail: Some(u32::MAX), ..LogRange::default() };
        let mut following = watch.follow(stream, range);
        tokio::time::timeout(Duration::from_secs(120), following.ended()).await.unwrap().unwrap();
        let took = started.elapsed();
        let lines = watch.out.lines().len() - held;
        held += lines;
        println!("{what}: {lines} lines in {took:?}, {:.0} a second", lines as f64 / took.as_secs_f64());
        assert_eq!(lines, LINES);
    }
    lab.ssh("web-1", "rm -f /tmp/ingest.log");
}
