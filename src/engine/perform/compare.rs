//! Asks new and old containers side by side, by their own addresses, and stops where the new ones do
//! worse.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::ask::{address, ask};
use super::{Done, Task, logs};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::release::ReleaseNumber;
use crate::domain::run::Progress;
use crate::engine::gather::containers::ANSWER;
use crate::operations::compare::{Answers, Enough, worse};
use crate::transports::engine::failed;

/// How often each side is asked.
const PACE: Duration = Duration::from_millis(200);
/// When new and old are compared: both are asked the same.
const ENOUGH: Enough = Enough { asked: 5, errors: 2 };
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is compared.
pub(super) struct Compared<'a> {
    pub(super) release: ReleaseNumber,
    pub(super) service: &'a str,
    pub(super) new: &'a [String],
    pub(super) old: &'a [String],
    pub(super) port: u16,
    pub(super) path: &'a str,
}

pub(super) async fn compare(task: &Task<'_>, it: &Compared<'_>, window: Duration) -> Result<Done, Failure> {
    let (new, old) = (addresses(task, it.new).await?, addresses(task, it.old).await?);
    let (mut news, mut olds) = (Answers::default(), Answers::default());
    let bad = async |why| logs::blamed(task, Some(it.release), it.service, it.new, why).await;
    let start = Instant::now();
    let mut turn = 0;
    while start.elapsed() < window {
        let pick = |all: &[String]| all.get(turn % all.len().max(1)).cloned().unwrap_or_default();
        let (new, old) = (pick(&new), pick(&old));
        let (a, b) = tokio::join!(one(task, &new, it), one(task, &old, it));
        take(&mut news, a);
        take(&mut olds, b);
        if let Some(why) = worse(&news.level(), &olds.level(), ENOUGH) {
            return Err(bad(why).await);
        }
        turn += 1;
        let said = format!("{} s left, {}", window.saturating_sub(start.elapsed()).as_secs(), news.level());
        task.listen.progress(Progress::Saying(said)).await;
        sleep(PACE).await;
    }
    // Where neither side answers there is nothing by which the new one is as good.
    if news.good == 0 {
        return Err(bad("not one good answer came from the new containers".to_owned()).await);
    }
    Ok(Done { said: format!("new: {}; old: {}", news.level(), olds.level()), exit: None })
}

fn take(side: &mut Answers, answer: Option<Duration>) {
    match answer {
        Some(took) => side.well(Some(took)),
        None => side.errors += 1,
    }
}

/// One question; `None` where it was not answered as it should be.
async fn one(task: &Task<'_>, address: &str, it: &Compared<'_>) -> Option<Duration> {
    let (status, took) = ask(task, (address, it.port, it.path), PATIENCE).await.ok()?;
    (status < 500).then_some(took)
}

/// The containers' addresses on their networks, which their server can reach.
async fn addresses(task: &Task<'_>, names: &[String]) -> Result<Vec<String>, Failure> {
    let what = task.what();
    let docker = task.ground.docker().await?;
    let mut all = Vec::new();
    for name in names {
        let late = |_| Failure::new(FailureKind::Timeout, &what, "the engine does not answer");
        let inspected = timeout(ANSWER, docker.inspect_container(name, None)).await.map_err(late)?;
        let inspected = inspected.map_err(|error| failed(&error, &what))?;
        all.push(address(&inspected).ok_or_else(|| {
            Failure::new(FailureKind::NotFound, &what, format!("{name} has no address on any network"))
        })?);
    }
    Ok(all)
}
