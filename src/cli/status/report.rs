//! What `status --json` prints. The names here are a promise: `docs/status.md` describes them, and
//! a test holds both together.

mod datastore;
mod maintenance;
mod server;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::collectors::checks::Task;
use crate::domain::check::CheckResult;
use crate::domain::health::Health;
use crate::domain::problem::Target;
use crate::domain::time::Timestamp;
use crate::state::State;
pub use datastore::Datastore;
pub use maintenance::Maintenance;
pub use server::Server;

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
