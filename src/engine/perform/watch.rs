//! Watches that services stay good: their containers, what the proxy's access log tells, and the app's own
//! checks.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::gate::bad;
use super::look::Eyes;
use super::traffic::Following;
use super::{Done, Task, checks};
use crate::domain::checking::AppCheck;
use crate::domain::deploy::HttpProbe;
use crate::domain::failure::Failure;
use crate::domain::plan::act::{Expected, Traffic};
use crate::domain::release::ReleaseNumber;
use crate::domain::run::Progress;
use crate::operations::asking::Streaks;
use crate::operations::gate::{Seen, Verdict, judge};

/// How often containers are looked at.
const WATCH: Duration = Duration::from_secs(1);
/// How often the access log is read on, and containers are asked.
const READ: Duration = Duration::from_secs(3);
/// Answers in a row that have to be bad: one alone is an accident.
const ANSWERS: u32 = 3;

/// What is watched, and for how long.
pub(super) struct Watched<'a> {
    pub(super) release: Option<ReleaseNumber>,
    pub(super) services: &'a [Expected],
    pub(super) window: Duration,
    pub(super) traffic: Option<&'a Traffic>,
    pub(super) probe: Option<&'a HttpProbe>,
    pub(super) checks: &'a [AppCheck],
}

/// Looks for a while that they stay good.
pub(super) async fn watch(task: &Task<'_>, it: &Watched<'_>) -> Result<Done, Failure> {
    let own = async {
        match checks::stay(task, it.checks, it.window).await {
            Ok(said) => Ok(said),
            Err(why) => Err(it.bad(task, None, why).await),
        }
    };
    let (traffic, own) = tokio::try_join!(stay(task, it), own)?;
    let told: Vec<String> = traffic.into_iter().chain(own).collect();
    let told = if told.is_empty() { String::new() } else { format!(": {}", told.join("; ")) };
    Ok(Done { said: format!("it stayed good{told}"), exit: None })
}

impl Watched<'_> {
    async fn bad(&self, task: &Task<'_>, service: Option<&str>, why: String) -> Failure {
        bad(task, self.release, self.services, service, why).await
    }

    /// Reads the access log on; an error where the requests are answered worse than before.
    async fn requests(&self, task: &Task<'_>, log: &mut Following<'_>) -> Result<(), Failure> {
        match log.look(task).await? {
            Some(why) => Err(self.bad(task, None, why).await),
            None => Ok(()),
        }
    }

    /// Judges what runs; an error where it is bad.
    async fn judged(&self, task: &Task<'_>, seen: &[Seen], before: u32) -> Result<(), Failure> {
        // What a container answers counts when it answered so several times.
        let seen: Vec<Seen> = seen.iter().map(|it| Seen { answer: None, ..it.clone() }).collect();
        if let Verdict::Bad(service, why) = judge(self.services, &seen, Duration::ZERO) {
            return Err(self.bad(task, Some(&service), why).await);
        }
        if seen.iter().map(|it| it.restarts).sum::<u32>() > before {
            let again = seen.iter().find(|it| it.restarts > 0).map(|it| it.service.as_str());
            let why = format!("a container of {} restarted", again.unwrap_or("a service"));
            return Err(self.bad(task, again, why).await);
        }
        Ok(())
    }

    /// Takes what containers answered; an error where one did not answer well several times.
    async fn answered(&self, task: &Task<'_>, seen: &[Seen], streaks: &mut Streaks) -> Result<(), Failure> {
        for it in seen {
            let bad = if let Some(Err(why)) = &it.answer {
                streaks.failed(&it.name, why, ANSWERS)
            } else {
                streaks.well(&it.name);
                None
            };
            if let Some(why) = bad {
                return Err(self.bad(task, Some(&it.service), why).await);
            }
        }
        Ok(())
    }
}

/// The containers and the requests; what is told of the requests.
async fn stay(task: &Task<'_>, it: &Watched<'_>) -> Result<Option<String>, Failure> {
    let start = Instant::now();
    let mut eyes = Eyes::new(it.services, it.probe);
    let mut streaks = Streaks::default();
    let before: u32 = eyes.look(task).await?.iter().map(|it| it.restarts).sum();
    let mut log = it.traffic.map(Following::new);
    let mut read = start;
    if let Some(log) = &mut log {
        it.requests(task, log).await?;
    }
    while start.elapsed() < it.window {
        let turn = read.elapsed() >= READ;
        let seen = if turn { eyes.ask(task, READ).await? } else { eyes.look(task).await? };
        it.judged(task, &seen, before).await?;
        if turn {
            read = Instant::now();
            it.answered(task, &seen, &mut streaks).await?;
            if let Some(log) = &mut log {
                it.requests(task, log).await?;
            }
        }
        let left = it.window.saturating_sub(start.elapsed());
        task.listen.progress(Progress::Saying(format!("{} s left", left.as_secs()))).await;
        sleep(WATCH.min(left)).await;
    }
    if let Some(log) = &mut log {
        it.requests(task, log).await?;
    }
    // What is good at the end is what counts. A bad answer is an accident or is given again.
    let mut more = ANSWERS;
    loop {
        let seen = eyes.ask(task, READ).await?;
        it.judged(task, &seen, before).await?;
        it.answered(task, &seen, &mut streaks).await?;
        if !streaks.is_unsettled() || more == 0 {
            return match judge(it.services, &seen, Duration::ZERO) {
                Verdict::Good => Ok(log.map(|log| log.level().to_string())),
                Verdict::Waiting(service, why) | Verdict::Bad(service, why) => {
                    Err(it.bad(task, Some(&service), why).await)
                }
            };
        }
        more -= 1;
        sleep(WATCH).await;
    }
}
