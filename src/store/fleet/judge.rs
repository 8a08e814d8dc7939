//! Verdicts and problems, worked out again only for what changed or aged.

use std::cmp::Reverse;
use std::time::Duration;

use super::Fleet;
use super::apps::apps;
use super::finding::{Finding, Kind};
use super::problems::fold;
use super::rules::{Seen, backup, check, find, missing};
use super::server::ServerLive;
use super::totals::by_project;
use crate::domain::health::{Health, Verdict};
use crate::domain::link::Link;
use crate::domain::reading::Freshness;
use crate::domain::time::Timestamp;

/// How long what only ages may be left as it was.
const LONGEST: Duration = Duration::from_secs(2);

impl Fleet {
    /// Brings verdicts, apps and problems up to date, those that only aged too. It costs next to
    /// nothing where nothing changed within the same second, and says whether anything did.
    pub fn refresh(&mut self, now: Timestamp) -> bool {
        let same_second = self.refreshed.is_some_and(|at| at.as_millis() / 1000 == now.as_millis() / 1000);
        self.judge(now, !same_second)
    }

    /// The same for what changed; what aged is left to the next [`refresh`](Self::refresh), where the
    /// last one is not long ago. For a frame that somebody waits for.
    pub fn refresh_changed(&mut self, now: Timestamp) -> bool {
        let aged = self.refreshed.is_none_or(|at| at > now || at.age(now) > LONGEST);
        self.judge(now, aged)
    }

    fn judge(&mut self, now: Timestamp, aged: bool) -> bool {
        if !aged && !self.dirty {
            return false;
        }
        let mut changed = self.refreshed.is_none();
        for server in self.servers.iter_mut().filter(|server| server.dirty || aged) {
            changed |= judge(server, now);
            let fresh = [server.containers_freshness(now), server.maintenance_freshness(now)];
            let believed = fresh.map(|it| it == Freshness::Fresh);
            self.containers_changed |= believed != server.believed;
            server.believed = believed;
        }
        self.note_maintenance(now);
        if !aged && !changed && !self.checks_changed && !self.containers_changed {
            self.dirty = false;
            return false;
        }
        let findings = self.all_findings(now);
        if changed || findings != self.findings {
            changed = true;
            self.containers_changed |= self.configured_apps.iter().any(|app| !app.checks.is_empty());
            self.since.observe(&findings, now);
            self.problems = fold(findings.clone(), &self.since);
            self.findings = findings;
        }
        if self.containers_changed {
            let check = |id: &_| self.check_verdict(id, now);
            let apps = apps(&self.servers(), &self.configured_apps, check, now);
            changed |= apps != self.apps;
            self.apps = apps;
        }
        self.containers_changed = false;
        self.dirty = false;
        self.checks_changed = false;
        if aged {
            self.refreshed = Some(now);
        }
        changed
    }

    fn all_findings(&self, now: Timestamp) -> Vec<Finding> {
        let servers = self.servers().flat_map(|server| server.findings.iter().cloned());
        let checks = self.checks.iter().filter(|(id, _)| !self.excused.contains(*id));
        let checks = checks.filter_map(|(_, reading)| check::find(reading, &self.configured_apps, now));
        let missing = self.configured_apps.iter().flat_map(|app| {
            let on = app.servers.iter().filter_map(|id| self.server(id));
            on.filter_map(move |server| missing::find(app, server, now))
        });
        let interrupted = self.interrupted.values().flatten().cloned();
        let backups = backup::find(&self.datastores, now);
        servers.chain(checks).chain(missing).chain(interrupted).chain(backups).collect()
    }
}

/// Judges one server again; says whether its findings or its verdict changed.
fn judge(server: &mut ServerLive, now: Timestamp) -> bool {
    let findings = find(&Seen::new(server, now));
    let verdict = verdict(server, &findings);
    server.dirty = false;
    if std::mem::take(&mut server.totals_changed) {
        server.totals = by_project(server);
    }
    let changed = findings != server.findings || verdict != server.verdict;
    server.findings = findings;
    server.verdict = verdict;
    changed
}

/// A server is down only when it is not reached; whatever is wrong on it, it is degraded.
fn verdict(server: &ServerLive, findings: &[Finding]) -> Verdict {
    let of = |finding: &Finding| {
        let health = match finding.kind {
            Kind::Link => finding.severity,
            _ => finding.severity.min(Health::Degraded),
        };
        Verdict::new(health, finding.cause.clone())
    };
    let unread = match (&server.link, server.vitals.value()) {
        (Link::Idle, None) => Some("not looked at yet"),
        (Link::Connecting, None) => Some("connecting"),
        (_, None) => Some("not read yet"),
        _ => None,
    };
    let mut verdicts: Vec<_> = findings.iter().map(of).collect();
    // The worst finding gives the reason; of equally bad ones the one that may have caused the others.
    let severity = |i: &usize| findings.get(*i).map(|finding| (finding.severity, Reverse(finding.kind)));
    if let Some(worst) = (0..verdicts.len()).rev().max_by_key(severity) {
        verdicts.swap(0, worst);
    }
    verdicts.extend(unread.map(|reason| Verdict::new(Health::Unknown, reason)));
    if verdicts.is_empty() { Verdict::up() } else { Verdict::worst(verdicts) }
}
