//! What a run tells on its way to the loop. The run never waits for a loop that stands still, for
//! example because its terminal takes nothing: of how far a step is, only the newest is kept; what
//! begins and ends is kept whole, and there is no more of it than the plan has steps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::domain::ids::RequestId;
use crate::domain::plan::StepId;
use crate::domain::run::{News, RunNews};
use crate::engine::Tell;
use crate::message::event::{Event, Reply};
use crate::message::publish::Publish;

/// See the module.
#[derive(Default)]
pub struct Relay {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Default)]
struct Held {
    lasting: VecDeque<RunNews>,
    progress: BTreeMap<StepId, RunNews>,
    closed: bool,
}

impl Relay {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing further is told.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// Hands on what is told, until all is and it is closed.
    pub async fn forward(&self, request: RequestId, out: &dyn Publish) {
        loop {
            let next = {
                let mut held = self.lock();
                let next = held.lasting.pop_front();
                let next = next.or_else(|| held.progress.pop_first().map(|(_, news)| news));
                if next.is_none() && held.closed {
                    return;
                }
                next
            };
            match next {
                Some(news) => out.control(Event::Reply(request, Reply::Run(Box::new(news)))).await,
                None => self.changed.notified().await,
            }
        }
    }
}

#[async_trait]
impl Tell for Relay {
    async fn tell(&self, news: RunNews) {
        let mut held = self.lock();
        match &news.what {
            News::Progress(step, _) => {
                held.progress.insert(*step, news);
            }
            what => {
                if let News::StepDone(step, ..) | News::StepFailed(step, _) = what {
                    held.progress.remove(step);
                }
                held.lasting.push_back(news);
            }
        }
        drop(held);
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::plan::PlanDigest;
    use crate::domain::run::{Progress, RunId};
    use crate::domain::time::Timestamp;
    use crate::message::inbox::Inbox;

    fn news(what: News) -> RunNews {
        let at = Timestamp::from_secs(1);
        RunNews { run: RunId::new(at, &PlanDigest::of(b"it")), at, what }
    }

    #[tokio::test]
    async fn a_run_waits_for_no_loop_and_its_steps_are_not_lost() {
        let (relay, inbox) = (Arc::new(Relay::default()), Arc::new(Inbox::default()));
        // Nobody takes anything while it tells more than the inbox has room for.
        let telling = async {
            for step in 0..20 {
                relay.tell(news(News::StepBegun(StepId(step)))).await;
                for n in 0..200 {
                    relay.tell(news(News::Progress(StepId(step), Progress::Saying(n.to_string())))).await;
                }
                relay.tell(news(News::StepDone(StepId(step), String::new(), Duration::ZERO))).await;
            }
            relay.close();
        };
        tokio::time::timeout(Duration::from_secs(5), telling).await.expect("it waited");
        relay.forward(RequestId(1), &*inbox).await;
        let told: Vec<News> = std::iter::from_fn(|| inbox.take())
            .map(|event| match event {
                Event::Reply(RequestId(1), Reply::Run(news)) => news.what,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told.len(), 40, "begin and end of each step, and no progress of one that is over");
        assert!(matches!(told.last(), Some(News::StepDone(StepId(19), ..))));
    }

    #[tokio::test]
    async fn the_newest_progress_is_told_behind_the_begin_of_its_step() {
        let (relay, inbox) = (Relay::default(), Inbox::default());
        relay.tell(news(News::StepBegun(StepId(1)))).await;
        for said in ["early", "late"] {
            relay.tell(news(News::Progress(StepId(1), Progress::Saying(said.to_owned())))).await;
        }
        relay.close();
        relay.forward(RequestId(1), &inbox).await;
        let last = std::iter::from_fn(|| inbox.take()).last();
        let Some(Event::Reply(_, Reply::Run(last))) = last else { panic!("{last:?}") };
        assert_eq!(last.what, News::Progress(StepId(1), Progress::Saying("late".to_owned())));
    }
}
