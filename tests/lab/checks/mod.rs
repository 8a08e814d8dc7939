//! Checks against the lab's real services, from here and seen from its servers.

mod databases;
mod encrypted;
mod pooled;
mod postgres_tls;
mod replicas;
mod servers;
mod web;

use std::collections::BTreeMap;
use std::sync::Arc;

use midwatch::collectors::checks::{Means, run_once, tasks};
use midwatch::config::{Config, Options, parse};
use midwatch::domain::check::CheckResult;
use midwatch::domain::ids::ServerId;
use midwatch::domain::link::Link;
use midwatch::domain::question::NobodyThere;
use midwatch::runtime::clock::SystemClock;
use midwatch::transports::ssh::Operator;
use midwatch::transports::{LinkObserver, LinkOptions, Links, ServerTarget, SshTarget};

use crate::lab::Lab;

struct Nobody;

impl LinkObserver for Nobody {
    fn link(&self, _server: &ServerId, _link: Link) {}
}

const SERVERS: [&str; 4] = ["web-1", "web-2", "db-1", "busy-1"];

fn links(lab: &Lab) -> Arc<Links> {
    let target = |server: &str| {
        let ssh = SshTarget { ssh_config: Some(lab.path("/ssh_config")), ..SshTarget::new(server) };
        (ServerId::from(server), ServerTarget::Ssh(Box::new(ssh)))
    };
    let operator = Operator::new(&lab.path("/dir"), "nobody");
    let options = LinkOptions { operator, ..LinkOptions::default() };
    Arc::new(Links::new(
        SERVERS.map(target),
        Arc::new(SystemClock),
        Arc::new(NobodyThere),
        Arc::new(Nobody),
        options,
    ))
}

fn config(checks: &str) -> Config {
    let servers: String = SERVERS.iter().fold(String::new(), |text, name| text + "[servers." + name + "]\n");
    let text = format!("{servers}{checks}");
    match parse(&text, "test", Options::default()) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{}\n{text}", error.report().map(|it| it.render(false)).unwrap_or_default()),
    }
}

/// Checks with their connections, which last as long as this.
struct Bench {
    links: Arc<Links>,
}

impl Bench {
    fn new(lab: &Lab) -> Self {
        Self { links: links(lab) }
    }

    /// Connects first, so that the deadline of a check is the check's own.
    async fn connected(lab: &Lab, servers: &[&str]) -> Self {
        let bench = Self::new(lab);
        for server in servers {
            assert!(bench.links.wait_up(&ServerId::from(*server)).await.is_ok());
        }
        bench
    }

    async fn run(&self, checks: &str) -> BTreeMap<String, CheckResult> {
        let config = config(checks);
        let means = Arc::new(Means::new(Arc::<Links>::clone(&self.links), Arc::new(SystemClock), &config));
        let results = run_once(tasks(&config).into_values(), &means).await;
        results.into_iter().map(|result| (result.check.to_string(), result)).collect()
    }

    /// Runs one check and gives its result; `rest` may go on with further tables.
    async fn one(&self, kind: &str, rest: &str) -> CheckResult {
        self.run(&format!("[checks.it]\nkind = \"{kind}\"\n{rest}\n")).await.remove("it").unwrap()
    }
}

fn verdict(result: &CheckResult) -> String {
    format!("{}: {}", result.verdict.health, result.verdict.reason)
}

fn fact<'a>(result: &'a CheckResult, label: &str) -> &'a str {
    result.facts.iter().find(|(known, _)| known == label).map_or("", |(_, value)| value)
}
