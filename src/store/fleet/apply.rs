//! Observations go in: one method for each kind, each with the time at which it was true.

use super::Fleet;
use super::marks::{container_marks, machine_marks};
use super::rules::containers::WINDOW;
use super::server::ServerLive;
use crate::domain::access::AccessStats;
use crate::domain::archive::Archived;
use crate::domain::backup::Backup;
use crate::domain::check::CheckResult;
use crate::domain::container::{Container, ContainerUsage};
use crate::domain::drill::Drilled;
use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::failure::Failure;
use crate::domain::ids::{ContainerId, DatastoreId, RepositoryId, ServerId};
use crate::domain::link::{Link, ServerFacts};
use crate::domain::maintenance::Told;
use crate::domain::repository::Checked;
use crate::domain::schedule::Scheduled;
use crate::domain::time::Timestamp;
use crate::domain::unit::Units;
use crate::domain::vitals::Vitals;

/// How many restarts of one container are remembered.
const RESTARTS: usize = 16;

/// What is said of a server that the configuration no longer names is ignored: its collector may
/// still have been under way.
impl Fleet {
    /// The connection changed.
    pub fn link(&mut self, server: &ServerId, link: Link, at: Timestamp) {
        let Some(live) = self.live(server) else { return };
        let mut mark = None;
        match &link {
            Link::Up => {
                if live.link_lost.take().is_some() {
                    mark = Some(format!("{server} is reached again"));
                }
                if live.link != Link::Up {
                    live.link_up = Some(at);
                }
            }
            Link::Down { failure, .. } => {
                let since = live.link_lost.as_ref().map(|(_, since)| *since);
                if live.link == Link::Up {
                    mark = Some(format!("{server} was lost: {}", failure.reason()));
                }
                live.link_lost = Some((failure.clone(), since.unwrap_or(at)));
            }
            Link::Idle | Link::Connecting | Link::Asking => {}
        }
        live.link = link;
        if let Some((failure, _)) = live.link_lost.clone() {
            self.datastores.lost(server, &failure, at);
        }
        if let Some(text) = mark {
            self.marks.push(EventMark { at, server: server.clone(), kind: MarkKind::Link, text });
        }
        self.containers_changed = true;
    }

    /// What the server is.
    pub fn facts(&mut self, server: &ServerId, facts: ServerFacts, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.facts.succeed(facts, at);
        }
    }

    /// A look at the machine.
    pub fn vitals(&mut self, server: &ServerId, vitals: Vitals, at: Timestamp) {
        let Some(live) = self.live(server) else { return };
        let before = live.vitals.value();
        let marks = before.map(|before| machine_marks(server, before, &vitals, at)).unwrap_or_default();
        let limit = live.setup.thresholds.cpu;
        live.cpu_over = match vitals.cpu.map(|cpu| cpu.busy > limit) {
            Some(true) => live.cpu_over.or(Some(at)),
            Some(false) => None,
            None => live.cpu_over,
        };
        if marks.iter().any(|mark| mark.kind == MarkKind::OutOfMemory) {
            live.oom_at = Some(at);
        }
        live.stretch = live.stretch_next;
        live.vitals.succeed(vitals, at);
        self.marks.extend(marks);
    }

    /// The looks at the machine failed.
    pub fn vitals_failed(&mut self, server: &ServerId, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.vitals.fail(failure, at);
        }
    }

    /// All containers of a server; whoever is missing is gone.
    pub fn containers(&mut self, server: &ServerId, mut containers: Vec<Container>, at: Timestamp) {
        containers.sort_by(|a, b| (&a.project, &a.service, &a.name).cmp(&(&b.project, &b.service, &b.name)));
        let Some(live) = self.live(server) else { return };
        let before = live.containers.value();
        let marks = before.map(|b| container_marks(server, b, &containers, at)).unwrap_or_default();
        let same = before == Some(&containers) && live.containers.failure.is_none();
        for new in &containers {
            let old = live.containers.value().and_then(|all| all.iter().find(|old| old.name == new.name));
            let Some(old) = old else { continue };
            let started = new.started_at > old.started_at && old.started_at.is_some();
            // A redeploy starts a new container: that is no restart of the old one.
            if new.id == old.id && (new.restarts > old.restarts || started) {
                let times = live.restarts.entry(new.name.clone()).or_default();
                times.push_back(at);
                while times.len() > RESTARTS {
                    times.pop_front();
                }
            }
        }
        live.restarts.retain(|_, times| times.back().is_some_and(|last| last.age(at) < WINDOW));
        live.containers.succeed(containers, at);
        live.totals_changed = true;
        self.marks.extend(marks);
        self.containers_changed |= !same;
    }

    /// The container lists failed.
    pub fn containers_failed(&mut self, server: &ServerId, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.containers.fail(failure, at);
            self.containers_changed = true;
        }
    }

    /// What the running containers use; whoever is missing does not run.
    pub fn usage(&mut self, server: &ServerId, usage: Vec<(ContainerId, ContainerUsage)>, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.usage.succeed(usage.into_iter().collect(), at);
            live.totals_changed = true;
        }
    }

    /// The looks at what containers use failed.
    pub fn usage_failed(&mut self, server: &ServerId, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.usage.fail(failure, at);
        }
    }

    /// A look at systemd.
    pub fn units(&mut self, server: &ServerId, units: Units, at: Timestamp) {
        let scheduled = Scheduled::among(&units, server);
        if let Some(live) = self.live(server) {
            live.units.succeed(units, at);
            self.datastores.scheduled(server, scheduled);
        }
    }

    /// The looks at systemd failed.
    pub fn units_failed(&mut self, server: &ServerId, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.units.fail(failure, at);
        }
    }

    /// Figures of an access log.
    pub fn access(&mut self, server: &ServerId, stats: AccessStats, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.access.entry(stats.label.clone()).or_default().succeed(stats, at);
        }
    }

    /// An access log could not be read.
    pub fn access_failed(&mut self, server: &ServerId, label: &str, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.access.entry(label.to_owned()).or_default().fail(failure, at);
        }
    }

    /// A Prometheus source answered; the values themselves go to the series.
    pub fn samples(&mut self, server: &ServerId, label: &str, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.samples.entry(label.to_owned()).or_default().succeed((), at);
        }
    }

    /// A Prometheus source did not answer.
    pub fn samples_failed(&mut self, server: &ServerId, label: &str, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.samples.entry(label.to_owned()).or_default().fail(failure, at);
        }
    }

    /// A check's verdict.
    pub fn check_result(&mut self, result: CheckResult, at: Timestamp) {
        let reading = self.checks.entry(result.check.clone()).or_default();
        // The first good result changes no finding, but it ends what its app did not know.
        if reading.value().map(|before| &before.verdict) != Some(&result.verdict) {
            self.containers_changed |=
                self.configured_apps.iter().any(|it| it.checks.contains(&result.check));
        }
        reading.succeed(result, at);
        self.changed();
    }

    /// What a repository holds.
    pub fn backups(&mut self, repository: &RepositoryId, backups: Vec<Backup>, at: Timestamp) {
        self.datastores.read(repository, backups, at);
        self.changed();
    }

    /// A repository could not be read.
    pub fn backups_failed(&mut self, repository: &RepositoryId, failure: Failure, at: Timestamp) {
        self.datastores.unread(repository, failure, at);
        self.changed();
    }

    /// How an archive of a write-ahead log stands.
    pub fn archived(&mut self, id: &DatastoreId, archived: Archived, at: Timestamp) {
        self.datastores.archived(id, archived, at);
        self.changed();
    }

    /// It could not be asked about.
    pub fn archive_failed(&mut self, id: &DatastoreId, failure: Failure, at: Timestamp) {
        self.datastores.unarchived(id, failure, at);
        self.changed();
    }

    /// The last drill of each datastore.
    pub fn drills(&mut self, drills: Vec<(DatastoreId, Drilled)>, at: Timestamp) {
        self.datastores.drilled(drills, at);
        self.changed();
    }

    /// The last check of each repository.
    pub fn checked(&mut self, checked: Vec<(RepositoryId, Checked)>) {
        self.datastores.checked(checked);
        self.changed();
    }

    /// Which drills there were cannot be read.
    pub fn drills_failed(&mut self, failure: Failure, at: Timestamp) {
        self.datastores.undrilled(failure, at);
        self.changed();
    }

    /// Which apps on a server are in maintenance.
    pub fn maintenance(&mut self, server: &ServerId, apps: Told, at: Timestamp) {
        let Some(live) = self.live(server) else { return };
        let same = live.maintenance.value() == Some(&apps) && live.maintenance.failure.is_none();
        live.maintenance.succeed(apps, at);
        self.containers_changed |= !same;
    }

    /// Which apps on a server are in maintenance cannot be read.
    pub fn maintenance_failed(&mut self, server: &ServerId, failure: Failure, at: Timestamp) {
        if let Some(live) = self.live(server) {
            live.maintenance.fail(failure, at);
            self.containers_changed = true;
        }
    }

    /// Something happened that only its collector knows of.
    pub fn mark(&mut self, mark: EventMark) {
        self.marks.push(mark);
    }

    /// When a file system will be full as its series tells, or that none can be told.
    pub fn disk_forecast(&mut self, server: &ServerId, mount: &str, full_at: Option<Timestamp>) {
        let Some(live) = self.live(server) else { return };
        match full_at {
            Some(at) => live.disk_full_at.insert(mount.to_owned(), at),
            None => live.disk_full_at.remove(mount),
        };
    }

    /// Which servers someone looks at; the collectors of all others take this many times longer
    /// between looks, and their readings are stale so much later.
    pub fn watch(&mut self, watched: impl Fn(&ServerId) -> bool, others: u32) {
        for live in &mut self.servers {
            live.stretch_next = if watched(live.id()) { 1 } else { others.max(1) };
            // What was read at the slow pace is not stale the moment the pace quickens.
            live.stretch = live.stretch.max(live.stretch_next);
            live.dirty = true;
        }
        self.changed();
    }

    fn live(&mut self, server: &ServerId) -> Option<&mut ServerLive> {
        self.dirty |= self.places.contains_key(server);
        let live = self.server_mut(server)?;
        live.dirty = true;
        Some(live)
    }
}
