//! All servers, checks and apps, and what follows from them.

use std::collections::{BTreeMap, HashMap};

use super::finding::Finding;
use super::marks::Marks;
use super::problems::Since;
use super::rules::interrupted;
use super::server::ServerLive;
use super::totals::Totals;
use crate::domain::app::App;
use crate::domain::check::CheckResult;
use crate::domain::container::Container;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{AppId, CheckId, EnvironmentId, ServerId};
use crate::domain::problem::Problem;
use crate::domain::reading::{Freshness, Reading};
use crate::domain::setup::{AppSetup, EnvironmentSetup, ServerSetup, Setup};
use crate::domain::time::Timestamp;

/// What is known of everything that is configured. Observations go in by one method each; verdicts,
/// apps and problems are as of the last [`refresh`](Self::refresh).
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// In the order of the configuration, in which every frame goes through them.
    pub(super) servers: Vec<ServerLive>,
    /// Where each of them is.
    pub(super) places: HashMap<ServerId, usize>,
    pub(super) environments: Vec<EnvironmentSetup>,
    pub(super) configured_apps: Vec<AppSetup>,
    pub(super) checks: BTreeMap<CheckId, Reading<CheckResult>>,
    pub(super) marks: Marks,
    pub(super) since: Since,
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Problem>,
    pub(super) apps: Vec<App>,
    pub(super) interrupted: BTreeMap<AppId, Vec<Finding>>,
    pub(super) dirty: bool,
    pub(super) checks_changed: bool,
    pub(super) containers_changed: bool,
    pub(super) refreshed: Option<Timestamp>,
}

impl Fleet {
    /// Takes the configuration, at start or after a reload: new servers are added, servers that it
    /// no longer names are forgotten with all that is about them, the others keep their readings.
    pub fn configure(&mut self, setup: &Setup) {
        let before = std::mem::take(&mut self.servers);
        let mut before: HashMap<_, _> = before.into_iter().map(|live| (live.id().clone(), live)).collect();
        self.servers = setup.servers.iter().map(|server| kept(&mut before, server)).collect();
        self.places = setup.servers.iter().enumerate().map(|(at, server)| (server.id.clone(), at)).collect();
        self.environments.clone_from(&setup.environments);
        self.configured_apps.clone_from(&setup.apps);
        let places = &self.places;
        self.checks.retain(|_, reading| {
            let from = reading.value().and_then(|result| result.from.as_ref());
            from.is_none_or(|from| places.contains_key(from))
        });
        self.interrupted.retain(|app, _| setup.changeable.contains_key(app));
        self.changed();
        self.containers_changed = true;
    }

    /// Takes which runs of an app were interrupted, by their names, and how that is told; all there are.
    pub fn interrupted(&mut self, app: &AppId, runs: Vec<(String, String)>) {
        let findings = runs.into_iter().map(|(run, cause)| interrupted::finding(app, &run, cause));
        self.interrupted.insert(app.clone(), findings.collect());
        self.changed();
    }

    /// Forgets the checks that are not in the list: what a reload no longer makes.
    pub fn keep_checks(&mut self, keep: impl Fn(&CheckId) -> bool) {
        self.checks.retain(|id, _| keep(id));
        self.changed();
    }

    /// The servers in the order of the configuration.
    pub fn servers(&self) -> impl ExactSizeIterator<Item = &ServerLive> + Clone {
        self.servers.iter()
    }

    /// One server.
    pub fn server(&self, id: &ServerId) -> Option<&ServerLive> {
        self.places.get(id).and_then(|at| self.servers.get(*at))
    }

    /// The environments.
    pub fn environments(&self) -> &[EnvironmentSetup] {
        &self.environments
    }

    /// One environment.
    pub fn environment(&self, id: &EnvironmentId) -> Option<&EnvironmentSetup> {
        self.environments.iter().find(|environment| environment.id == *id)
    }

    /// The checks that were made, by name.
    pub fn checks(&self) -> impl ExactSizeIterator<Item = (&CheckId, &Reading<CheckResult>)> {
        self.checks.iter()
    }

    /// One check.
    pub fn check(&self, id: &CheckId) -> Option<&Reading<CheckResult>> {
        self.checks.get(id)
    }

    /// The verdict on a check now: a stale one is unknown, and so is one that was never made.
    pub fn check_verdict(&self, id: &CheckId, now: Timestamp) -> Verdict {
        let Some((reading, result)) = self.checks.get(id).and_then(|r| Some((r, r.value()?))) else {
            return Verdict::new(Health::Unknown, format!("check {id} was not made yet"));
        };
        match reading.freshness(now, result.interval) {
            Freshness::Fresh => result.verdict.clone(),
            _ => Verdict::new(Health::Unknown, format!("check {id} is not made any more")),
        }
    }

    /// The apps, by name.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// An app's containers, by server.
    pub fn containers_of<'a>(
        &'a self,
        app: &'a App,
    ) -> impl Iterator<Item = (&'a ServerLive, &'a Container)> + Clone {
        let servers = app.servers.iter().filter_map(|id| self.server(id));
        servers.flat_map(|server| server.project(&app.project).iter().map(move |it| (server, it)))
    }

    /// What an app's containers come to, as of the last [`refresh`](Self::refresh).
    pub fn totals_of(&self, app: &App) -> Totals {
        let on = app.servers.iter().filter_map(|id| self.server(id));
        on.map(|server| server.totals(&app.project)).fold(Totals::default(), Totals::and)
    }

    /// One app.
    pub fn app(&self, id: &AppId) -> Option<&App> {
        self.apps.iter().find(|app| app.id == *id)
    }

    /// The problems, worst first, then newest.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What happened.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    pub(super) fn server_mut(&mut self, id: &ServerId) -> Option<&mut ServerLive> {
        self.places.get(id).and_then(|at| self.servers.get_mut(*at))
    }

    pub(super) fn changed(&mut self) {
        self.dirty = true;
        self.checks_changed = true;
    }
}

/// A server as it was before, with what the configuration now says of it, or a new one.
fn kept(before: &mut HashMap<ServerId, ServerLive>, setup: &ServerSetup) -> ServerLive {
    match before.remove(&setup.id) {
        Some(live) => ServerLive { setup: setup.clone(), dirty: true, ..live },
        None => ServerLive::new(setup.clone()),
    }
}

#[cfg(test)]
#[path = "fleet_live_tests.rs"]
mod tests;
