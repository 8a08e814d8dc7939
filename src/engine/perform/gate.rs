//! Waits until services are good.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::look::Eyes;
use super::{Done, Task, logs};
use crate::domain::deploy::HttpProbe;
use crate::domain::failure::Failure;
use crate::domain::plan::act::Expected;
use crate::domain::release::ReleaseNumber;
use crate::domain::run::Progress;
use crate::operations::gate::{Verdict, judge};

/// How often it is looked while something is waited for.
const LOOK: Duration = Duration::from_millis(200);

/// Waits until they are good.
pub(super) async fn pass(
    task: &Task<'_>,
    release: Option<ReleaseNumber>,
    services: &[Expected],
    steady: Duration,
    probe: Option<&HttpProbe>,
) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut eyes = Eyes::new(services, probe);
    // The step's own deadline ends it a little later, without what was waited for.
    let deadline = task.step.deadline.saturating_sub(Duration::from_secs(1));
    let mut said = String::new();
    loop {
        let left = deadline.saturating_sub(start.elapsed());
        match judge(services, &eyes.ask(task, left).await?, steady) {
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

/// A failure of one of the services, or, where it is not known of which, of the last.
pub(super) async fn bad(
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
