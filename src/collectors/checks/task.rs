//! One check as seen from one place: what the runner runs.

use std::collections::BTreeMap;

use crate::config::{CheckConfig, Config, Probe, Vantage};
use crate::domain::check::CheckResult;
use crate::domain::check_state::Patience;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::{CheckId, ServerId};

use super::attempt::Attempt;
use super::target::target;

/// Names a task: the check's name, and where it looks from (`shop@web-1`, `shop@here`) where it looks
/// from several places, each of which is judged by itself.
pub fn ids(config: &Config, check: &CheckId) -> Vec<CheckId> {
    let Some(it) = config.checks.get(check) else { return Vec::new() };
    named(check, vantages(config, &it.probe)).into_iter().map(|(id, _)| id).collect()
}

fn named(check: &CheckId, vantages: Vec<Option<ServerId>>) -> Vec<(CheckId, Option<ServerId>)> {
    let alone = vantages.len() == 1;
    let name = |from: &Option<ServerId>| match from {
        _ if alone => check.clone(),
        Some(server) => CheckId::from(format!("{check}@{server}")),
        None => CheckId::from(format!("{check}@here")),
    };
    vantages.into_iter().map(|from| (name(&from), from)).collect()
}

/// One check from one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its name, unique among all tasks.
    pub id: CheckId,
    /// The check's name in the configuration.
    pub check: CheckId,
    /// The server it is seen from; `None` from here.
    pub from: Option<ServerId>,
    /// How it is configured.
    pub config: CheckConfig,
    /// For a container check that names no server: the Compose project of its app.
    pub project: Option<String>,
}

/// All tasks of a configuration, by name.
pub fn tasks(config: &Config) -> BTreeMap<CheckId, Task> {
    let mut tasks = BTreeMap::new();
    for (check, it) in &config.checks {
        let project = project(config, &it.probe);
        for (id, from) in named(check, vantages(config, &it.probe)) {
            let (check, config, project) = (check.clone(), it.clone(), project.clone());
            tasks.insert(id.clone(), Task { id, check, from, config, project });
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

    /// What it looks at, as it is shown.
    pub fn target(&self) -> String {
        target(&self.config.probe)
    }

    /// The result to publish.
    pub fn result(&self, attempt: Attempt, verdict: Verdict, failures: u32) -> CheckResult {
        CheckResult {
            check: self.id.clone(),
            kind: self.config.probe.kind(),
            target: target(&self.config.probe),
            from: self.from.clone(),
            verdict,
            latency: attempt.latency,
            interval: self.config.interval,
            facts: attempt.facts,
            figures: attempt.figures,
            failures,
            blocked_by: attempt.blocked_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;

    fn config(text: &str) -> Config {
        crate::config::parse(text, "test", Options::default()).unwrap_or_else(|e| panic!("{e:?}")).config
    }

    #[test]
    fn a_check_from_several_places_is_several_tasks() {
        let config = config(
            "[servers.web-1]\naddress = \"h\"\n[checks.shop]\nkind = \"tcp\"\naddress = \"h:1\"\nfrom = [\"here\", \"web-1\"]\n\
             [checks.one]\nkind = \"tcp\"\naddress = \"h:1\"\n",
        );
        let ids: Vec<_> = tasks(&config).into_keys().map(|id| id.to_string()).collect();
        assert_eq!(ids, ["one", "shop@here", "shop@web-1"]);
        assert_eq!(super::ids(&config, &"shop".into()).len(), 2);
    }
}
