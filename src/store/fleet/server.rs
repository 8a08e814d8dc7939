//! What is known of one server.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::finding::Finding;
use super::rules::containers;
use super::totals::Totals;
use crate::domain::access::AccessStats;
use crate::domain::cadence;
use crate::domain::container::{Container, ContainerUsage};
use crate::domain::failure::Failure;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{ContainerId, ServerId};
use crate::domain::link::{Link, ServerFacts};
use crate::domain::reading::{Freshness, Reading};
use crate::domain::setup::ServerSetup;
use crate::domain::time::Timestamp;
use crate::domain::unit::Units;
use crate::domain::vitals::Vitals;

/// One server: how it is configured, the latest readings, and the verdict on them.
#[derive(Clone, Debug)]
pub struct ServerLive {
    /// As the configuration says.
    pub setup: ServerSetup,
    /// The connection.
    pub link: Link,
    /// Since when the connection is down, and why it was the last time; stays while it is tried
    /// again, and goes with the connection.
    pub link_lost: Option<(Failure, Timestamp)>,
    /// When the connection last came to stand.
    pub link_up: Option<Timestamp>,
    /// What the server is.
    pub facts: Reading<ServerFacts>,
    /// The last look at the machine.
    pub vitals: Reading<Vitals>,
    /// Its containers, by project, service and name.
    pub containers: Reading<Vec<Container>>,
    /// What its running containers use.
    pub usage: Reading<BTreeMap<ContainerId, ContainerUsage>>,
    /// The last look at systemd.
    pub units: Reading<Units>,
    /// Figures of its access logs, by label.
    pub access: BTreeMap<String, Reading<AccessStats>>,
    /// Whether its Prometheus sources answer, by label.
    pub samples: BTreeMap<String, Reading<()>>,
    /// When each mount that fills steadily will be full, as last forecast.
    pub disk_full_at: BTreeMap<String, Timestamp>,
    /// Since when the processors are over their limit.
    pub(super) cpu_over: Option<Timestamp>,
    /// When the kernel last killed a process for memory.
    pub(super) oom_at: Option<Timestamp>,
    /// When containers restarted lately, by name.
    pub(super) restarts: BTreeMap<String, VecDeque<Timestamp>>,
    /// How many times longer than configured its intervals are now.
    pub(super) stretch: u32,
    /// What `stretch` becomes with the next look at the machine.
    pub(super) stretch_next: u32,
    /// Whether the list of containers could be believed at the last judgement.
    pub(super) containers_believed: bool,
    /// Of each project, by its name, as of the last judgement.
    pub(super) totals: Vec<(String, Totals)>,
    /// Whether containers or what they use changed since.
    pub(super) totals_changed: bool,
    pub(super) dirty: bool,
    pub(super) findings: Vec<Finding>,
    pub(super) verdict: Verdict,
}

impl ServerLive {
    /// A server of which nothing is known yet.
    pub fn new(setup: ServerSetup) -> Self {
        Self {
            setup,
            link: Link::default(),
            link_lost: None,
            link_up: None,
            facts: Reading::default(),
            vitals: Reading::default(),
            containers: Reading::default(),
            usage: Reading::default(),
            units: Reading::default(),
            access: BTreeMap::new(),
            samples: BTreeMap::new(),
            disk_full_at: BTreeMap::new(),
            cpu_over: None,
            oom_at: None,
            restarts: BTreeMap::new(),
            stretch: 1,
            stretch_next: 1,
            containers_believed: false,
            totals: Vec::new(),
            totals_changed: false,
            dirty: true,
            findings: Vec::new(),
            verdict: Verdict::new(Health::Unknown, "not looked at yet"),
        }
    }

    /// Its name.
    pub fn id(&self) -> &ServerId {
        &self.setup.id
    }

    /// The folded verdict as of the last [`refresh`](super::Fleet::refresh).
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The containers that were last seen, however long ago.
    pub fn known_containers(&self) -> &[Container] {
        self.containers.value().map_or(&[], Vec::as_slice)
    }

    /// What one of them is, judged by its restarts too: one that is up for a moment between two falls is
    /// not well.
    pub fn judged(&self, container: &Container, now: Timestamp) -> Verdict {
        let restarts = self.restarts.get(&container.name);
        let lately = restarts.map_or(0, |at| at.iter().filter(|at| at.age(now) < containers::WINDOW).count());
        containers::verdict(container, lately)
    }

    /// Those of them that belong to a Compose project: they lie beside each other.
    pub fn project(&self, project: &str) -> &[Container] {
        let all = self.known_containers();
        let name = |container: &Container| container.project.as_deref().cmp(&Some(project));
        let start = all.partition_point(|container| name(container).is_lt());
        let end = all.partition_point(|container| name(container).is_le());
        all.get(start..end).unwrap_or_default()
    }

    /// What a project's containers come to, as of the last [`refresh`](super::Fleet::refresh).
    pub fn totals(&self, project: &str) -> Totals {
        self.totals.iter().find(|(name, _)| name == project).map_or_else(Totals::default, |(_, it)| *it)
    }

    /// A container that was last seen there.
    pub fn container(&self, id: &ContainerId) -> Option<&Container> {
        self.known_containers().iter().find(|container| container.id == *id)
    }

    /// What a container uses, however long ago that was.
    pub fn container_usage(&self, id: &ContainerId) -> Option<&ContainerUsage> {
        self.usage.value()?.get(id)
    }

    /// Whether the look at the machine may be believed.
    pub fn vitals_freshness(&self, now: Timestamp) -> Freshness {
        self.freshness(&self.vitals, self.setup.interval, now)
    }

    /// Whether the list of containers may be believed.
    pub fn containers_freshness(&self, now: Timestamp) -> Freshness {
        self.freshness(&self.containers, cadence::CONTAINERS, now)
    }

    /// Whether what the containers use may be believed.
    pub fn usage_freshness(&self, now: Timestamp) -> Freshness {
        self.freshness(&self.usage, self.usage_interval(), now)
    }

    /// How often it is looked what its containers use.
    pub fn usage_interval(&self) -> Duration {
        cadence::usage(self.usage.value().map_or(0, BTreeMap::len))
    }

    /// Whether the look at systemd may be believed.
    pub fn units_freshness(&self, now: Timestamp) -> Freshness {
        self.freshness(&self.units, cadence::UNITS, now)
    }

    /// How many times longer than configured its intervals are now, at least one.
    pub fn stretch(&self) -> u32 {
        self.stretch.max(1)
    }

    /// Whether a reading that comes every `interval` while someone looks may be believed. Over a
    /// lost connection nothing may.
    pub fn freshness<T>(&self, reading: &Reading<T>, interval: Duration, now: Timestamp) -> Freshness {
        match reading.freshness(now, interval * self.stretch.max(1)) {
            Freshness::Fresh if self.link_lost.is_some() => {
                Freshness::Stale(reading.last.as_ref().map_or(Duration::ZERO, |(_, at)| at.age(now)))
            }
            freshness => freshness,
        }
    }
}
