//! What the running containers use, asked of the engine with one short question each.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;
use bollard::query_parameters::{ListContainersOptions, StatsOptions};
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::usage::Counters;
use crate::collectors::{Beat, Collector};
use crate::domain::cadence;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::ContainerId;
use crate::message::batch::{Observation, Subject};
use crate::transports::engine::{self, Docker};

/// How many questions are under way at a time.
const AT_ONCE: usize = 4;
/// How long one answer may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How soon after the first look the second comes, so that there are rates at once.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// A round of questions takes at most this share of the time, so that a slow engine is not kept busy:
/// the figures then come less often.
const SHARE: u32 = 50;
/// The longest pause that comes of that.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// The most containers that are asked about.
const MOST: usize = 1024;

/// See the module.
pub struct UsageCollector {
    socket: Option<String>,
    interval: Duration,
}

impl UsageCollector {
    /// Each `interval` while someone watches.
    pub fn new(socket: Option<String>, interval: Duration) -> Self {
        Self { socket, interval }
    }

    async fn observe(&self, mut beat: Beat) -> Result<Infallible, Failure> {
        let what = format!("read what the containers of {} use", beat.server);
        let docker = engine::connect(&beat.transport, self.socket.as_deref(), &what).await?;
        let machine = memory_of_machine(&docker).await;
        let mut before: BTreeMap<ContainerId, Counters> = BTreeMap::new();
        let mut first = true;
        loop {
            let started = Instant::now();
            let now = round(&beat, &docker, &what).await?;
            let usage: Vec<_> = now
                .iter()
                .filter_map(|(id, counters)| Some((id.clone(), counters.since(before.get(id)?, machine)?)))
                .collect();
            if !usage.is_empty() || now.is_empty() {
                beat.publish(Observation::Usage(usage));
            }
            let interval = self.interval.max(cadence::usage(now.len()));
            before = now;
            if std::mem::take(&mut first) && !before.is_empty() {
                tokio::time::sleep(SECOND_LOOK).await;
                continue;
            }
            beat.rest(interval.max((started.elapsed() * SHARE).min(LONGEST_PAUSE))).await;
        }
    }
}

#[async_trait]
impl Collector for UsageCollector {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn subject(&self) -> Subject {
        Subject::Usage
    }

    async fn run(&self, beat: Beat) -> Failure {
        match self.observe(beat).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}

/// The counters of every running container.
async fn round(beat: &Beat, docker: &Docker, what: &str) -> Result<BTreeMap<ContainerId, Counters>, Failure> {
    let options = ListContainersOptions::default();
    let listed = match tokio::time::timeout(DEADLINE, docker.list_containers(Some(options))).await {
        Ok(Ok(listed)) => listed,
        Ok(Err(error)) => return Err(engine::failed(&error, what)),
        Err(_) => return Err(too_late(what)),
    };
    let ids = listed.into_iter().filter_map(|one| one.id).take(MOST);
    let answers = stream::iter(ids).map(|id| async move {
        let options = StatsOptions { stream: false, one_shot: true };
        let answer = tokio::time::timeout(DEADLINE, docker.stats(&id, Some(options)).next()).await;
        (ContainerId::from(id), answer)
    });
    let mut answers = Box::pin(answers.buffer_unordered(AT_ONCE));
    let mut counters = BTreeMap::new();
    while let Some((id, answer)) = answers.next().await {
        match answer {
            Ok(Some(Ok(stats))) => {
                counters.extend(Counters::new(&stats, beat.clock.now()).map(|one| (id, one)));
            }
            // It ended meanwhile.
            Ok(None) => {}
            Ok(Some(Err(error))) if engine::is_gone(&error) || is_stopping(&error) => {}
            Ok(Some(Err(error))) => return Err(engine::failed(&error, what)),
            Err(_) => return Err(too_late(what)),
        }
    }
    Ok(counters)
}

/// Podman answers 409 for a container that just stopped.
fn is_stopping(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::DockerResponseServerError { status_code: 409, .. })
}

/// Engines give the whole machine's memory as the limit of a container that has none.
async fn memory_of_machine(docker: &Docker) -> Option<u64> {
    let info = tokio::time::timeout(DEADLINE, docker.info()).await.ok()?.ok()?;
    u64::try_from(info.mem_total?).ok().filter(|total| *total > 0)
}

fn too_late(what: &str) -> Failure {
    let why = format!("no answer from the engine within {} s", DEADLINE.as_secs());
    Failure::new(FailureKind::Timeout, what, why).retry(Retry::Now)
}
