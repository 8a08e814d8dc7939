//! Asks the app's own checks: until all are up, and while a release is watched.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::{Done, Task, logs};
use crate::domain::checking::{Answer, AppCheck};
use crate::domain::failure::Failure;
use crate::domain::health::{Health, Verdict};
use crate::domain::ids::CheckId;
use crate::domain::release::ReleaseNumber;
use crate::domain::run::Progress;
use crate::operations::asking::{Asking, Streaks};

/// How often those are asked that are not up.
const ASK: Duration = Duration::from_millis(500);
/// How often all of them while a release is watched.
const WATCH: Duration = Duration::from_secs(3);
/// How long one attempt is waited for; a check has a deadline of its own.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked, and whose log is kept where it is not up.
pub(super) struct Asked<'a> {
    pub(super) release: ReleaseNumber,
    pub(super) service: &'a str,
    pub(super) names: &'a [String],
    pub(super) checks: &'a [AppCheck],
}

/// Waits until each was up once.
pub(super) async fn pass(task: &Task<'_>, it: &Asked<'_>) -> Result<Done, Failure> {
    let start = Instant::now();
    // The step's own deadline ends it a little later, without what was waited for.
    let deadline = task.step.deadline.saturating_sub(Duration::from_secs(1));
    let (mut asking, mut said) = (Asking::new(it.checks), String::new());
    loop {
        let waiting = asking.waiting();
        let left = deadline.saturating_sub(start.elapsed());
        let answers = join_all(waiting.iter().map(|check| answer(task, check, left.min(PATIENCE)))).await;
        for (check, answer) in waiting.iter().zip(answers) {
            asking.take(check, answer);
        }
        let Some(lacks) = asking.lacks() else {
            let said = format!("{}, after {:.1} s", asking.says(), start.elapsed().as_secs_f32());
            return Ok(Done { said, exit: None });
        };
        // There is no time for another attempt, and what the last one said is what counts.
        if start.elapsed() + ASK >= deadline {
            let why = format!("{lacks}, after {} s", deadline.as_secs());
            return Err(logs::blamed(task, Some(it.release), it.service, it.names, why).await);
        }
        if lacks != said {
            task.listen.progress(Progress::Saying(lacks.clone())).await;
            said = lacks;
        }
        sleep(ASK).await;
    }
}

/// Asks them for a while; what could not be looked at at the end, and an error where one fails.
pub(super) async fn stay(
    task: &Task<'_>,
    checks: &[AppCheck],
    window: Duration,
) -> Result<Option<String>, String> {
    if checks.is_empty() {
        return Ok(None);
    }
    let start = Instant::now();
    let mut streaks = Streaks::default();
    loop {
        let answers = join_all(checks.iter().map(|it| answer(task, &it.check, PATIENCE))).await;
        for (check, answer) in checks.iter().zip(answers) {
            if let Some(why) = streaks.take(check, answer) {
                return Err(why);
            }
        }
        let left = window.saturating_sub(start.elapsed());
        if !left.is_zero() {
            sleep(WATCH.min(left)).await;
        } else if streaks.is_unsettled() && start.elapsed() < window + PATIENCE {
            // What failed last is an accident or fails again.
            sleep(ASK).await;
        } else if streaks.is_unsettled() {
            return Err(streaks.says().unwrap_or_default());
        } else {
            return Ok(streaks.says());
        }
    }
}

async fn answer(task: &Task<'_>, check: &CheckId, within: Duration) -> Option<Answer> {
    let asked = timeout(within, task.ground.checks().ask(check)).await;
    asked.unwrap_or_else(|_| {
        let why = format!("no word of it after {} s", within.as_secs());
        Some(Answer::Not(Verdict::new(Health::Unknown, why)))
    })
}
