//! A server in `status --json`: its vitals, its containers, and what could not be read.

use serde::Serialize;

use crate::domain::container::{Container, ContainerHealth};
use crate::domain::health::Verdict;
use crate::domain::reading::Freshness;
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;
use crate::store::fleet::ServerLive;

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

impl Server {
    pub(super) fn of(server: &ServerLive, now: Timestamp) -> Self {
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
