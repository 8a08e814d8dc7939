//! One check as seen from one place: what the runner runs.

use std::collections::BTreeMap;

use crate::config::{CheckConfig, Config, Probe, Vantage};
use crate::domain::check::CheckResult;
use crate::domain::check_state::Patience;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{CheckId, ServerId};

use super::attempt::Attempt;
use super::target::target;

/// Names a task: the same check from another place is another task.
pub type Key = (CheckId, Option<ServerId>);

/// One check from one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Which check.
    pub check: CheckId,
    /// The server it is seen from; `None` from here.
    pub from: Option<ServerId>,
    /// How it is configured.
    pub config: CheckConfig,
    /// For a container check that names no server: the Compose project of its app.
    pub project: Option<String>,
}

/// All tasks of a configuration.
pub fn tasks(config: &Config) -> BTreeMap<Key, Task> {
    let mut tasks = BTreeMap::new();
    for (id, check) in &config.checks {
        let project = project(config, &check.probe);
        for from in vantages(config, &check.probe) {
            let task = Task {
                check: id.clone(),
                from: from.clone(),
                config: check.clone(),
                project: project.clone(),
            };
            tasks.insert((id.clone(), from), task);
        }
    }
    tasks
}

fn project(config: &Config, probe: &Probe) -> Option<String> {
    let Probe::Container(check) = probe else { return None };
    let app = check.app.as_ref()?;
    Some(config.apps.get(app).map_or_else(|| app.to_string(), |app| app.project.clone()))
}

fn vantages(config: &Config, probe: &Probe) -> Vec<Option<ServerId>> {
    let mut servers: Vec<Option<ServerId>> = probe
        .from()
        .into_iter()
        .map(|vantage| match vantage {
            Vantage::Here => None,
            Vantage::Server(server) => Some(server),
        })
        .collect();
    if let (true, Probe::Container(check)) = (servers.is_empty(), probe) {
        let app = check.app.as_ref().and_then(|app| config.apps.get(app));
        servers = app.map(|app| app.servers.iter().cloned().map(Some).collect()).unwrap_or_default();
    }
    if servers.is_empty() { vec![None] } else { servers }
}

impl Task {
    /// What names it.
    pub fn key(&self) -> Key {
        (self.check.clone(), self.from.clone())
    }

    /// Its name for the schedule.
    pub fn name(&self) -> String {
        self.from
            .as_ref()
            .map_or_else(|| self.check.to_string(), |from| format!("{} from {from}", self.check))
    }

    /// How patient it is.
    pub fn patience(&self) -> Patience {
        Patience { fail_after: self.config.fail_after, recover_after: self.config.recover_after }
    }

    /// An attempt's verdict as severe as the configuration says at most.
    pub fn verdict(&self, attempt: &Attempt) -> Verdict {
        let worst = Health::from(self.config.severity);
        let mut verdict = attempt.verdict.clone();
        if verdict.health == Health::Down {
            verdict.health = worst;
        }
        verdict
    }

    /// The result to publish.
    pub fn result(&self, attempt: Attempt, verdict: Verdict, failures: u32) -> CheckResult {
        CheckResult {
            check: self.check.clone(),
            kind: self.config.probe.kind(),
            target: target(&self.config.probe),
            from: self.from.clone(),
            verdict,
            latency: attempt.latency,
            interval: self.config.interval,
            facts: attempt.facts,
            failures,
            blocked_by: attempt.blocked_by,
        }
    }
}
