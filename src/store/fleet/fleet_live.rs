//! All servers, checks and apps, and what follows from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::datastores::Datastores;
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
use crate::domain::problem::{Problem, Target};
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
    pub(super) datastores: Datastores,
    pub(super) marks: Marks,
    pub(super) since: Since,
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Problem>,
    pub(super) apps: Vec<App>,
    pub(super) interrupted: BTreeMap<AppId, Vec<Finding>>,
    /// The apps that are in maintenance, and those that were, with when that was first seen to be over.
    pub(super) in_maintenance: BTreeMap<AppId, Option<Timestamp>>,
    /// The checks that find nothing but that.
    pub(super) excused: BTreeSet<CheckId>,
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
        self.servers.iter_mut().for_each(|live| live.cadence = setup.cadence);
        self.places = setup.servers.iter().enumerate().map(|(at, server)| (server.id.clone(), at)).collect();
        self.environments.clone_from(&setup.environments);
        self.configured_apps.clone_from(&setup.apps);
        self.in_maintenance.retain(|app, _| setup.apps.iter().any(|it| it.id == *app && it.proxied));
        let places = &self.places;
        self.checks.retain(|_, reading| {
            let from = reading.value().and_then(|result| result.from.as_ref());
            from.is_none_or(|from| places.contains_key(from))
        });
        self.datastores.configure(&setup.datastores);
        self.datastores.keep_servers(|server| places.contains_key(server));
        let datastores = &self.datastores;
        self.interrupted
            .retain(|app, _| setup.changeable.contains_key(app) || datastores.named(app).is_some());
        self.changed();
        self.containers_changed = true;
    }

    /// Takes which runs of an app were interrupted, by their names, and how that is told; all there are.
    pub fn interrupted(&mut self, app: &AppId, runs: Vec<(String, String)>) {
        // A datastore has runs too, under its own name.
        let configured = self.configured_apps.iter().any(|it| it.id == *app);
        let datastore = self.datastores.named(app).filter(|_| !configured);
        let target =
            datastore.map_or_else(|| Target::App(app.clone()), |it| Target::Datastore(it.id.clone()));
        let findings =
            runs.into_iter().map(|(run, cause)| interrupted::finding(app, target.clone(), &run, cause));
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
            Freshness::Fresh => {
                let at = reading.last.as_ref().map_or(now, |(_, at)| *at);
                self.excuse(id, result, at).unwrap_or_else(|| result.verdict.clone())
            }
            _ => Verdict::new(Health::Unknown, format!("check {id} is not made any more")),
        }
    }

    /// Whether a check finds nothing but that its app is in maintenance, or was until now.
    pub fn is_excused(&self, id: &CheckId) -> bool {
        self.excused.contains(id)
    }

    /// The datastores.
    pub fn datastores(&self) -> &Datastores {
        &self.datastores
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
        Some(mut live) => {
            live.access.retain(|label, _| setup.access_logs.contains(label));
            ServerLive { setup: setup.clone(), dirty: true, ..live }
        }
        None => ServerLive::new(setup.clone()),
    }
}

#[cfg(test)]
#[path = "fleet_live_tests.rs"]
mod tests;
