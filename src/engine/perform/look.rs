//! Looks at the containers of services as they are now, and asks those that are asked.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::Task;
use super::ask::{address, ask};
use crate::domain::container::{ContainerHealth, ContainerState};
use crate::domain::deploy::HttpProbe;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::act::Expected;
use crate::engine::gather::containers::{ANSWER, running};
use crate::operations::gate::Seen;
use crate::transports::engine::{failed, is_gone};

/// How long the answer of a container may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Since when each life of a container is known to run: by our own watch, whatever its server's clock
/// says.
type Lives = BTreeMap<(String, String), Instant>;

/// What is looked at.
pub(super) struct Eyes<'a> {
    services: &'a [Expected],
    probe: Option<&'a HttpProbe>,
    lives: Lives,
}

impl<'a> Eyes<'a> {
    pub(super) const fn new(services: &'a [Expected], probe: Option<&'a HttpProbe>) -> Self {
        Self { services, probe, lives: Lives::new() }
    }

    /// The containers as they are, without a word of theirs.
    pub(super) async fn look(&mut self, task: &Task<'_>) -> Result<Vec<Seen>, Failure> {
        Ok(self.seen(task).await?.into_iter().map(|(seen, _)| seen).collect())
    }

    /// The same, and those are asked that have no health check; an answer has to come before `left` is over.
    pub(super) async fn ask(&mut self, task: &Task<'_>, left: Duration) -> Result<Vec<Seen>, Failure> {
        let seen = self.seen(task).await?;
        let Some(probe) = self.probe else { return Ok(seen.into_iter().map(|(seen, _)| seen).collect()) };
        let within = PATIENCE.min(left).max(Duration::from_millis(200));
        let services = self.services;
        let asked = seen.into_iter().map(async |(seen, address)| {
            let meant = |it: &Expected| {
                it.service == seen.service && (it.names.is_empty() || it.names.contains(&seen.name))
            };
            let running = (seen.state, seen.health) == (ContainerState::Running, ContainerHealth::None);
            if !running || !probe.asks(&seen.service) || !services.iter().any(meant) {
                return seen;
            }
            let answer = match address {
                Some(address) => answer(task, probe, &address, within).await,
                None => Err("has no address on any network to be asked by".to_owned()),
            };
            Seen { answer: Some(answer), ..seen }
        });
        Ok(join_all(asked).await)
    }

    async fn seen(&mut self, task: &Task<'_>) -> Result<Vec<(Seen, Option<String>)>, Failure> {
        let what = task.what();
        let docker = task.ground.docker().await?;
        let mut all = Vec::new();
        for container in running(task.ground).await? {
            let looked = timeout(ANSWER, docker.inspect_container(container.id.as_str(), None)).await;
            let inspected = match looked {
                Ok(Ok(inspected)) => inspected,
                // It was replaced between the two looks.
                Ok(Err(error)) if is_gone(&error) => continue,
                Ok(Err(error)) => return Err(failed(&error, &what)),
                Err(_) => {
                    return Err(Failure::new(FailureKind::Timeout, what, "the engine does not answer"));
                }
            };
            let address = address(&inspected);
            let state = inspected.state.unwrap_or_default();
            let life = (container.id.to_string(), state.started_at.clone().unwrap_or_default());
            let up = match container.state {
                ContainerState::Running => self.lives.entry(life).or_insert_with(Instant::now).elapsed(),
                _ => Duration::ZERO,
            };
            let seen = Seen {
                name: container.name,
                service: container.service,
                state: container.state,
                health: container.health,
                restarts: inspected.restart_count.and_then(|it| u32::try_from(it).ok()).unwrap_or(0),
                exit_code: state.exit_code,
                up,
                digest: container.digest,
                answer: None,
            };
            all.push((seen, address));
        }
        Ok(all)
    }
}

/// Whether a container answers as it should; what it does instead.
async fn answer(task: &Task<'_>, probe: &HttpProbe, address: &str, within: Duration) -> Result<(), String> {
    match ask(task, (address, probe.port, &probe.path), within).await {
        Ok((status, _)) if probe.is_good(status) => Ok(()),
        Ok((status, _)) => Err(format!("answers {status} to {}", probe.says())),
        Err(why) => Err(format!("does not answer {}: {why}", probe.says())),
    }
}
