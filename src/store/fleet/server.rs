//! What is known of one server.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::finding::Finding;
use super::rules::containers;
use super::totals::Totals;
use crate::domain::access::{AccessKey, AccessStats};
use crate::domain::app::NOT_YET;
use crate::domain::cadence::{self, Cadence};
use crate::domain::container::{Container, ContainerUsage};
use crate::domain::failure::Failure;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{AppId, ContainerId, ServerId};
use crate::domain::link::{Link, ServerFacts};
use crate::domain::maintenance::{Mark, Told};
use crate::domain::reading::{Freshness, Reading};
use crate::domain::setup::ServerSetup;
use crate::domain::time::{Age, Timestamp};
use crate::domain::unit::Units;
use crate::domain::vitals::Vitals;

/// One server: how it is configured, the latest readings, and the verdict on them.
#[derive(Clone, Debug)]
pub struct ServerLive {
    /// As the configuration says.
    pub setup: ServerSetup,
    /// How often things are looked at, as the configuration says for all servers.
    pub cadence: Cadence,
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
    /// How its apps are in maintenance, of those whose proxy's file is known.
    pub maintenance: Reading<Told>,
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
    /// Whether the list of containers could be believed at the last judgement, and which apps are in
    /// maintenance.
    pub(super) believed: [bool; 2],
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
            cadence: Cadence::default(),
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
            maintenance: Reading::default(),
            disk_full_at: BTreeMap::new(),
            cpu_over: None,
            oom_at: None,
            restarts: BTreeMap::new(),
            stretch: 1,
            stretch_next: 1,
            believed: [false; 2],
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
        containers::verdict(container, lately, self.there(now))
    }

    /// What the server's own clock says at a moment of this machine's, as far as that was read.
    fn there(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.as_millis().saturating_add(self.clock_offset()))
    }

    /// A moment of the server's own clock, by this machine's.
    pub(super) fn here(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.as_millis().saturating_sub(self.clock_offset()))
    }

    /// In milliseconds; none where it was not read.
    fn clock_offset(&self) -> i64 {
        self.vitals.value().and_then(|vitals| vitals.clock_offset_ms).unwrap_or(0)
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
        self.cadence.usage(self.usage.value().map_or(0, BTreeMap::len))
    }

    /// Whether the look at systemd may be believed.
    pub fn units_freshness(&self, now: Timestamp) -> Freshness {
        self.freshness(&self.units, self.cadence.units, now)
    }

    /// Whether it may be believed which of its apps are in maintenance.
    pub fn maintenance_freshness(&self, now: Timestamp) -> Freshness {
        self.freshness(&self.maintenance, cadence::MAINTENANCE, now)
    }

    /// How an app is in maintenance there: why that is not known where it is not.
    pub fn maintained(&self, app: &AppId, now: Timestamp) -> Result<Option<&Mark>, String> {
        let fresh = self.maintenance_freshness(now);
        let read = self.maintenance.value().and_then(|all| all.iter().find(|(id, _)| id == app));
        match (fresh, read, &self.maintenance.failure) {
            _ if self.link_lost.is_some() => Err("it is not reached".to_owned()),
            (_, _, Some((failure, _))) => Err(failure.reason()),
            (Freshness::Fresh, Some((_, Ok(mark))), _) => Ok(mark.as_ref()),
            (Freshness::Fresh, Some((_, Err(why))), _) => Err(why.clone()),
            (Freshness::Stale(age), ..) => Err(format!("it was last read {} ago", Age(age))),
            (Freshness::Never, ..) | (Freshness::Fresh, None, _) => Err(NOT_YET.to_owned()),
        }
    }

    /// Its apps that were in maintenance when it was last looked.
    pub fn in_maintenance(&self) -> Vec<&str> {
        let all = self.maintenance.value().into_iter().flatten();
        all.filter(|(_, it)| matches!(it, Ok(Some(_)))).map(|(app, _)| app.as_str()).collect()
    }

    /// Its access logs: those that are configured, and those of which something was told.
    pub fn access_logs(&self) -> impl Iterator<Item = AccessKey> + '_ {
        let labels: BTreeSet<&String> = self.setup.access_logs.iter().chain(self.access.keys()).collect();
        labels.into_iter().map(|label| AccessKey { server: self.id().clone(), label: label.clone() })
    }

    /// Whether the figures of an access log may be believed.
    pub fn access_freshness(&self, label: &str, now: Timestamp) -> Freshness {
        let reading = self.access.get(label);
        reading.map_or(Freshness::Never, |reading| self.freshness(reading, self.cadence.access, now))
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
