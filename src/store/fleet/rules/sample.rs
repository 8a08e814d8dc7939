//! A server and a container that are well, for the tests of rules: each test breaks one thing.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::container::{Container, ContainerHealth, ContainerState, RestartPolicy};
use crate::domain::link::Link;
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::setup::ServerSetup;
use crate::domain::thresholds::Thresholds;
use crate::domain::time::Timestamp;
use crate::domain::vitals::{CpuUse, DiskUse, MemoryUse, Vitals};
use crate::store::fleet::finding::Finding;
use crate::store::fleet::rules::{Seen, find};
use crate::store::fleet::server::ServerLive;

/// When the sample was seen.
pub const NOW: Timestamp = Timestamp::from_secs(1000);

/// A server's configuration.
pub fn setup(name: &str) -> ServerSetup {
    ServerSetup {
        id: name.into(),
        address: name.to_owned(),
        environment: None,
        labels: BTreeMap::new(),
        thresholds: Thresholds::default(),
        interval: Duration::from_secs(2),
        log_files: Vec::new(),
        access_logs: Vec::new(),
    }
}

/// A machine that is well.
pub fn vitals() -> Vitals {
    Vitals {
        cpu: Some(CpuUse { busy: Percent(10.0), ..CpuUse::default() }),
        cores: 2,
        memory: MemoryUse { total: Bytes(100), available: Bytes(60) },
        disks: vec![DiskUse {
            mount: "/".into(),
            total: Bytes(100),
            used: Bytes(20),
            available: Bytes(80),
            ..DiskUse::default()
        }],
        uptime: Duration::from_secs(5000),
        clock_offset_ms: Some(3),
        oom_kills: Some(0),
        ..Vitals::default()
    }
}

/// A container of Compose project `shop` that is well; its service is the middle of its name.
pub fn container(name: &str) -> Container {
    Container {
        id: format!("id-{name}").into(),
        name: name.to_owned(),
        project: Some("shop".to_owned()),
        service: name.split('-').nth(1).map(str::to_owned),
        image: format!("registry/{name}:1"),
        digest: None,
        state: ContainerState::Running,
        health: ContainerHealth::Healthy,
        restarts: 0,
        restart_policy: RestartPolicy::default(),
        oom_killed: false,
        exit_code: None,
        started_at: Some(Timestamp::from_secs(1)),
        finished_at: None,
        ports: Vec::new(),
    }
}

/// A connected server that is well.
pub fn server(name: &str) -> ServerLive {
    let mut server = ServerLive::new(setup(name));
    server.link = Link::Up;
    server.link_up = Some(NOW);
    server.vitals.succeed(vitals(), NOW);
    server.containers.succeed(vec![container("shop-web-1")], NOW);
    server
}

/// The causes that the rules find on it.
pub fn causes(server: &ServerLive) -> Vec<String> {
    found(server).into_iter().map(|finding| finding.cause).collect()
}

/// What the rules find on it.
pub fn found(server: &ServerLive) -> Vec<Finding> {
    find(&Seen::new(server, NOW))
}

#[test]
fn nothing_is_found_on_a_server_that_is_well() {
    assert_eq!(causes(&server("web-1")), Vec::<String>::new());
}
