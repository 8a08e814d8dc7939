//! Waits until services are good, and watches that they stay so.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::traffic::Following;
use super::{Done, Task, logs};
use crate::domain::container::ContainerState;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::act::{Expected, Traffic};
use crate::domain::release::ReleaseNumber;
use crate::domain::run::Progress;
use crate::engine::gather::containers::{ANSWER, running};
use crate::operations::gate::{Seen, Verdict, judge};
use crate::transports::engine::{failed, is_gone};

/// How often it is looked while something is waited for.
const LOOK: Duration = Duration::from_millis(200);
/// How often while it is only watched.
const WATCH: Duration = Duration::from_secs(1);
/// How often the access log is read on.
const READ: Duration = Duration::from_secs(3);

/// Waits until they are good.
pub(super) async fn pass(
    task: &Task<'_>,
    release: Option<ReleaseNumber>,
    services: &[Expected],
    steady: Duration,
) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut lives = Lives::new();
    // The step's own deadline ends it a little later, without what was waited for.
    let deadline = task.step.deadline.saturating_sub(Duration::from_secs(1));
    let mut said = String::new();
    loop {
        match judge(services, &look(task, &mut lives).await?, steady) {
            Verdict::Good => {
                return Ok(Done {
                    said: format!("good after {:.1} s", start.elapsed().as_secs_f32()),
                    exit: None,
                });
            }
            Verdict::Bad(service, why) => return Err(bad(task, release, services, Some(&service), why).await),
            Verdict::Waiting(service, why) if start.elapsed() >= deadline => {
                let why = format!("{why}, after {} s", deadline.as_secs());
                return Err(bad(task, release, services, Some(&service), why).await);
            }
            Verdict::Waiting(_, why) => {
                if why != said {
                    task.listen.progress(Progress::Saying(why.clone())).await;
                    said = why;
                }
            }
        }
        sleep(LOOK).await;
    }
}

/// Looks for a while that they stay good.
pub(super) async fn watch(
    task: &Task<'_>,
    release: Option<ReleaseNumber>,
    services: &[Expected],
    window: Duration,
    traffic: Option<&Traffic>,
) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut lives = Lives::new();
    let before: u32 = look(task, &mut lives).await?.iter().map(|it| it.restarts).sum();
    let mut log = traffic.map(Following::new);
    let mut read = start;
    if let Some(log) = &mut log {
        requests(task, log, release, services).await?;
    }
    while start.elapsed() < window {
        let seen = look(task, &mut lives).await?;
        if let Verdict::Bad(service, why) = judge(services, &seen, Duration::ZERO) {
            return Err(bad(task, release, services, Some(&service), why).await);
        }
        if seen.iter().map(|it| it.restarts).sum::<u32>() > before {
            let again = seen.iter().find(|it| it.restarts > 0).map(|it| it.service.as_str());
            let why = format!("a container of {} restarted", again.unwrap_or("a service"));
            return Err(bad(task, release, services, again, why).await);
        }
        if let Some(log) = &mut log
            && read.elapsed() >= READ
        {
            read = Instant::now();
            requests(task, log, release, services).await?;
        }
        let left = window.saturating_sub(start.elapsed());
        task.listen.progress(Progress::Saying(format!("{} s left", left.as_secs()))).await;
        sleep(WATCH.min(left)).await;
    }
    if let Some(log) = &mut log {
        requests(task, log, release, services).await?;
    }
    // What is good at the end is what counts.
    match judge(services, &look(task, &mut lives).await?, Duration::ZERO) {
        Verdict::Good => {
            let told = log.map(|log| format!(": {}", log.level())).unwrap_or_default();
            Ok(Done { said: format!("it stayed good{told}"), exit: None })
        }
        Verdict::Waiting(service, why) | Verdict::Bad(service, why) => {
            Err(bad(task, release, services, Some(&service), why).await)
        }
    }
}

/// Reads the access log on; an error where the requests are answered worse than before.
async fn requests(
    task: &Task<'_>,
    log: &mut Following<'_>,
    release: Option<ReleaseNumber>,
    services: &[Expected],
) -> Result<(), Failure> {
    match log.look(task).await? {
        Some(why) => Err(bad(task, release, services, None, why).await),
        None => Ok(()),
    }
}

/// A failure of one of the services, or, where it is not known of which, of the last.
async fn bad(
    task: &Task<'_>,
    release: Option<ReleaseNumber>,
    services: &[Expected],
    service: Option<&str>,
    why: String,
) -> Failure {
    let known = services.iter().find(|it| Some(it.service.as_str()) == service).or(services.last());
    let names = known.map(|it| it.names.as_slice()).unwrap_or_default();
    let service = service.or(known.map(|it| it.service.as_str())).unwrap_or_default();
    logs::blamed(task, release, service, names, why).await
}

/// Since when each life of a container is known to run: by our own watch, whatever its server's clock
/// says.
type Lives = BTreeMap<(String, String), Instant>;

/// The containers as they are now.
async fn look(task: &Task<'_>, first: &mut Lives) -> Result<Vec<Seen>, Failure> {
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
            Err(_) => return Err(Failure::new(FailureKind::Timeout, what, "the engine does not answer")),
        };
        let state = inspected.state.unwrap_or_default();
        let life = (container.id.to_string(), state.started_at.clone().unwrap_or_default());
        let up = match container.state {
            ContainerState::Running => first.entry(life).or_insert_with(Instant::now).elapsed(),
            _ => Duration::ZERO,
        };
        all.push(Seen {
            name: container.name,
            service: container.service,
            state: container.state,
            health: container.health,
            restarts: inspected.restart_count.and_then(|it| u32::try_from(it).ok()).unwrap_or(0),
            exit_code: state.exit_code,
            up,
            digest: container.digest,
        });
    }
    Ok(all)
}
