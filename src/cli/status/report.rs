//! What `status --json` prints. The names here are a promise: `docs/status.md` describes them, and
//! a test holds both together.

mod datastore;
mod maintenance;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::collectors::checks::Task;
use crate::domain::check::CheckResult;
use crate::domain::container::{Container, ContainerHealth};
use crate::domain::health::{Health, Verdict};
use crate::domain::problem::Target;
use crate::domain::reading::Freshness;
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;
use crate::state::State;
use crate::store::fleet::ServerLive;
pub use datastore::Datastore;
pub use maintenance::Maintenance;

/// The whole object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// When it was true, RFC 3339 in UTC.
    pub as_of: String,
    /// The servers, in the order of the configuration.
    pub servers: Vec<Server>,
    /// The apps, by name.
    pub apps: Vec<App>,
    /// The checks, by name.
    pub checks: Vec<Check>,
    /// The datastores, by name.
    pub datastores: Vec<Datastore>,
    /// What is wrong, worst first.
    pub problems: Vec<Problem>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Server {
    name: String,
    environment: Option<String>,
    health: &'static str,
    reason: String,
    /// When its vitals were last read; `null` if never.
    as_of: Option<String>,
    /// Whether those are too old to be believed.
    stale: bool,
    vitals: Option<VitalsReport>,
    /// `null` where they could not be read; the reason is in `unread`.
    containers: Option<Vec<ContainerReport>>,
    units_failed: Option<Vec<String>>,
    /// What could not be read, and why.
    unread: Vec<Unread>,
}

/// What is lacking where a server is not reached.
const CONNECTION: &str = "connection";

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unread {
    what: &'static str,
    why: String,
}

/// A server's vitals; `null` for what its kernel does not tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VitalsReport {
    cpu_pct: Option<f32>,
    mem_pct: Option<f32>,
    swap_pct: Option<f32>,
    load1: f32,
    uptime_s: u64,
    clock_offset_ms: Option<i64>,
    disks: Vec<Disk>,
}

/// One file system.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disk {
    mount: String,
    used_pct: Option<f32>,
    inodes_pct: Option<f32>,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContainerReport {
    name: String,
    project: Option<String>,
    service: Option<String>,
    image: String,
    digest: Option<String>,
    state: &'static str,
    /// What the image's own health check says; `null` where it has none.
    health: Option<&'static str>,
    restarts: u32,
    oom_killed: bool,
    exit_code: Option<i32>,
    cpu_pct: Option<f32>,
    mem_bytes: Option<u64>,
    net_rx_bytes_s: Option<u64>,
    net_tx_bytes_s: Option<u64>,
    block_read_bytes_s: Option<u64>,
    block_write_bytes_s: Option<u64>,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct App {
    name: String,
    project: String,
    environment: Option<String>,
    health: &'static str,
    reason: String,
    servers: Vec<String>,
    containers: usize,
    maintenance: Maintenance,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    name: String,
    target: String,
    kind: &'static str,
    health: &'static str,
    reason: String,
    latency_ms: Option<f64>,
    as_of: Option<String>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    id: String,
    target: String,
    cause: String,
    since: String,
    severity: &'static str,
    affects: Vec<String>,
}

impl Report {
    /// Adds the checks that were not made: nothing is known by them, which is not the same as nothing wrong.
    pub fn add_unmade<'a>(&mut self, tasks: impl Iterator<Item = &'a Task>) {
        let known: BTreeSet<String> = self.checks.iter().map(|check| check.name.clone()).collect();
        let unmade = tasks.filter(|task| !known.contains(task.id.as_str())).map(|task| Check {
            name: task.id.to_string(),
            target: task.target(),
            kind: task.config.probe.kind().word(),
            health: Health::Unknown.word(),
            reason: "it was not made in time".to_owned(),
            latency_ms: None,
            as_of: None,
        });
        self.checks.extend(unmade);
        self.checks.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// What is known now.
    pub fn of(state: &State) -> Self {
        Self {
            as_of: state.now.rfc3339(),
            servers: state.fleet.servers().map(|server| Server::of(server, state.now)).collect(),
            apps: state.fleet.apps().iter().map(App::of).collect(),
            checks: state
                .fleet
                .checks()
                .map(|(id, reading)| {
                    let verdict = state.fleet.check_verdict(id, state.now);
                    let result = reading.value();
                    Check {
                        name: id.to_string(),
                        target: result.map(|it| it.target.clone()).unwrap_or_default(),
                        kind: result.map_or("", |it| it.kind.word()),
                        health: verdict.health.word(),
                        reason: verdict.reason,
                        latency_ms: result.and_then(|it| it.latency).map(|it| it.as_secs_f64() * 1000.0),
                        as_of: reading.last.as_ref().map(|(_, at)| at.rfc3339()),
                    }
                })
                .collect(),
            datastores: datastore::of(state),
            problems: state
                .fleet
                .problems()
                .iter()
                .map(|problem| Problem {
                    id: problem.id.to_string(),
                    target: name(state, &problem.target),
                    cause: problem.cause.clone(),
                    since: problem.since.rfc3339(),
                    severity: problem.severity.word(),
                    affects: problem.affects.iter().map(|target| name(state, target)).collect(),
                })
                .collect(),
        }
    }

    /// One JSON object on one line, as programs read one after another.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// One JSON object, for people to read too.
    pub fn json(&self) -> String {
        // Only strings, numbers and lists: there is nothing in it that has no JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// How a target is called: `web-1`, `app shop`, `web-1/shop-web-1`, `check shop`.
fn name(state: &State, target: &Target) -> String {
    match target {
        Target::Server(server) => server.to_string(),
        Target::App(app) => format!("app {app}"),
        Target::Container(key) => {
            let name = state.container(key).map_or_else(|| key.id.short(), |it| it.name.as_str());
            format!("{}/{name}", key.server)
        }
        Target::Check(check) => format!("check {check}"),
        Target::Datastore(datastore) => format!("datastore {datastore}"),
    }
}

impl Check {
    /// A check that was made just now.
    pub fn made(result: &CheckResult, at: Timestamp) -> Self {
        Self {
            name: result.check.to_string(),
            target: result.target.clone(),
            kind: result.kind.word(),
            health: result.verdict.health.word(),
            reason: result.verdict.reason.clone(),
            latency_ms: result.latency.map(|it| it.as_secs_f64() * 1000.0),
            as_of: Some(at.rfc3339()),
        }
    }
}

impl Server {
    fn of(server: &ServerLive, now: Timestamp) -> Self {
        let Verdict { health, reason } = server.verdict().clone();
        let failures = [
            (CONNECTION, server.link_lost.as_ref()),
            ("vitals", server.vitals.failure.as_ref()),
            ("containers", server.containers.failure.as_ref()),
            ("usage", server.usage.failure.as_ref()),
            ("units", server.units.failure.as_ref()),
        ];
        let container = |it: &Container| ContainerReport::of(server, it);
        Self {
            name: server.id().to_string(),
            environment: server.setup.environment.as_ref().map(ToString::to_string),
            health: health.word(),
            reason,
            as_of: server.vitals.last.as_ref().map(|(_, at)| at.rfc3339()),
            stale: server.vitals_freshness(now) != Freshness::Fresh,
            vitals: server.vitals.value().map(VitalsReport::of),
            containers: server.containers.value().map(|all| all.iter().map(container).collect()),
            units_failed: server
                .units
                .value()
                .map(|units| units.failed.iter().map(|unit| unit.name.to_string()).collect()),
            unread: failures
                .into_iter()
                .filter_map(|(what, failure)| Some(Unread { what, why: failure?.0.to_string() }))
                .collect(),
        }
    }
}

impl VitalsReport {
    fn of(vitals: &Vitals) -> Self {
        Self {
            cpu_pct: vitals.cpu.map(|cpu| cpu.busy.0),
            mem_pct: vitals.memory.used().map(|share| share.0),
            swap_pct: vitals.swap.and_then(|swap| swap.share()).map(|share| share.0),
            load1: vitals.load[0],
            uptime_s: vitals.uptime.as_secs(),
            clock_offset_ms: vitals.clock_offset_ms,
            disks: vitals
                .disks
                .iter()
                .map(|disk| Disk {
                    mount: disk.mount.clone(),
                    used_pct: disk.share().map(|share| share.0),
                    inodes_pct: disk.inodes_used.map(|share| share.0),
                })
                .collect(),
        }
    }
}

impl ContainerReport {
    fn of(server: &ServerLive, it: &Container) -> Self {
        let usage = server.container_usage(&it.id);
        Self {
            name: it.name.clone(),
            project: it.project.clone(),
            service: it.service.clone(),
            image: it.image.clone(),
            digest: it.digest.clone(),
            state: it.state.word(),
            health: match it.health {
                ContainerHealth::None => None,
                ContainerHealth::Starting => Some("starting"),
                ContainerHealth::Healthy => Some("healthy"),
                ContainerHealth::Unhealthy => Some("unhealthy"),
            },
            restarts: it.restarts,
            oom_killed: it.oom_killed,
            exit_code: it.exit_code,
            cpu_pct: usage.map(|it| it.cpu.0),
            mem_bytes: usage.map(|it| it.memory.0),
            net_rx_bytes_s: usage.and_then(|it| it.received).map(|it| it.0),
            net_tx_bytes_s: usage.and_then(|it| it.sent).map(|it| it.0),
            block_read_bytes_s: usage.and_then(|it| it.read).map(|it| it.0),
            block_write_bytes_s: usage.and_then(|it| it.written).map(|it| it.0),
        }
    }
}

impl App {
    fn of(app: &crate::domain::app::App) -> Self {
        Self {
            name: app.id.to_string(),
            project: app.project.clone(),
            environment: app.environment.as_ref().map(ToString::to_string),
            health: app.verdict.health.word(),
            reason: app.verdict.reason.clone(),
            servers: app.servers.iter().map(ToString::to_string).collect(),
            containers: app.containers.len(),
            maintenance: Maintenance::of(&app.maintenance),
        }
    }
}

/// What the text form needs of the rows.
impl Server {
    /// Name, health, reason.
    pub fn head(&self) -> (&str, &str, &str) {
        (&self.name, self.health, &self.reason)
    }

    /// What could not be read: why, and what mends it. Without a connection that is the whole reason.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        let link = self.unread.iter().any(|it| it.what == CONNECTION);
        self.unread.iter().filter(move |it| !link || it.what == CONNECTION).map(|it| it.why.as_str())
    }

    /// Processor, memory and fullest disk in percent.
    pub fn shares(&self) -> [Option<f32>; 3] {
        let vitals = self.vitals.as_ref();
        let disks = vitals.into_iter().flat_map(|it| &it.disks).filter_map(|disk| disk.used_pct);
        [vitals.and_then(|it| it.cpu_pct), vitals.and_then(|it| it.mem_pct), disks.max_by(f32::total_cmp)]
    }
}

impl App {
    /// Name, health, reason.
    pub fn head(&self) -> (&str, &str, &str) {
        (&self.name, self.health, &self.reason)
    }
}

impl Check {
    /// Name, health, reason.
    pub fn head(&self) -> (&str, &str, &str) {
        (&self.name, self.health, &self.reason)
    }
}

impl Problem {
    /// Severity, target, cause, what it takes with it.
    pub fn head(&self) -> (&str, &str, &str, usize) {
        (self.severity, &self.target, &self.cause, self.affects.len())
    }
}
