//! Hands a recording over at its times, and the lines of a log to whoever opens it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::clock::ReplayClock;
use super::doubt::Told;
use super::held::Held;
use crate::domain::clock::Clock as _;
use crate::domain::failure::Failure;
use crate::domain::ids::RequestId;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::message::event::{Event, Reply};
use crate::message::log_batch::{LogBatch, Part};
use crate::message::publish::Publish;
use crate::runtime::recording::{Losses, Reader, RecordingError, Unread, belongs};
use crate::store::logs::Chunk;

/// How long a wait is at most, so that a pause is seen.
const GLANCE: Duration = Duration::from_millis(50);
/// What a reader asks of the player.
#[derive(Clone, Debug)]
pub enum Order {
    /// The lines of a log, from its first on.
    Follow(LogSource),
    /// What was recorded of it from before the first of those.
    Reach(LogSource),
    /// No further lines of it.
    Unfollow(LogSource),
    /// Tell the core something.
    Tell(Box<Event>),
}

/// Plays one recording.
pub struct Player {
    clock: Arc<ReplayClock>,
    out: Arc<dyn Publish>,
    orders: mpsc::Receiver<Order>,
    held: Held,
    followed: HashSet<LogSource>,
    told: Told,
}

impl Player {
    /// A player by that clock, of what follows on what was told.
    pub fn new(
        clock: Arc<ReplayClock>,
        out: Arc<dyn Publish>,
        orders: mpsc::Receiver<Order>,
        told: Told,
    ) -> Self {
        Self { clock, out, orders, held: Held::default(), followed: HashSet::new(), told }
    }

    /// Plays to the end and says so; from then on the clock stands, and logs can still be opened.
    pub async fn play(mut self, mut recording: Reader) {
        let mut last = self.clock.now();
        let mut end = Ok(());
        for entry in &mut recording {
            match entry {
                Ok(entry) => {
                    self.wait_for(entry.at).await;
                    last = last.max(entry.at);
                    self.told.take(&entry.event);
                    self.hand_over(entry.event).await;
                }
                Err(RecordingError::Line { unread, .. }) => self.doubt(&unread, last).await,
                Err(error) => end = Err(error),
            }
        }
        self.clock.stop_at(last);
        self.out.control(Event::Reply(RequestId(0), ended(end, recording.losses()))).await;
        while let Some(order) = self.orders.recv().await {
            self.obey(order).await;
        }
    }

    async fn wait_for(&mut self, at: Timestamp) {
        loop {
            let left = self.clock.until(at).unwrap_or(GLANCE);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(GLANCE)) => {}
                Some(order) = self.orders.recv() => self.obey(order).await,
            }
        }
    }

    async fn hand_over(&mut self, event: Event) {
        match event {
            Event::Batch(batch) => self.out.batch(batch),
            Event::Logs(batch) if batch.part != Part::Followed => self.held.take_earlier(batch),
            Event::Logs(batch) => {
                if self.followed.contains(&batch.source) {
                    self.out.logs(batch.clone()).await;
                }
                self.held.take(batch);
            }
            event if belongs(&event) => self.out.control(event).await,
            _ => {}
        }
    }

    /// What a lost line may have told of is unknown from the entry before it on. Its own time is not waited
    /// for: it is no more to be trusted than the rest.
    async fn doubt(&mut self, unread: &Unread, at: Timestamp) {
        for event in self.told.doubts(unread, at) {
            self.hand_over(event).await;
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Follow(source) => {
                self.followed.insert(source.clone());
                self.out.logs(LogBatch::new(source.clone(), Chunk::default(), 0)).await;
                for batch in self.held.of(&source) {
                    self.out.logs(batch).await;
                }
            }
            Order::Reach(source) => {
                let begin = LogBatch::new(source.clone(), Chunk::default(), 0);
                self.out.logs(LogBatch { part: Part::Earlier, ..begin.clone() }).await;
                for batch in self.held.earlier(&source) {
                    self.out.logs(batch).await;
                }
                let short = self.held.short(&source);
                self.out.logs(LogBatch { part: Part::EarlierEnd(short), ..begin }).await;
            }
            Order::Unfollow(source) => {
                self.followed.remove(&source);
            }
            Order::Tell(event) => self.out.control(*event).await,
        }
    }
}

fn ended(end: Result<(), RecordingError>, losses: &Losses) -> Reply {
    match end {
        Ok(()) => {
            let rest = match losses.sentence() {
                Some(lost) => lost,
                None => "everything stays as it was then".to_owned(),
            };
            Reply::Done(format!("the recording ends here; {rest}"))
        }
        Err(error) => {
            let failure: Failure = error.into_failure("play on");
            Reply::Failed(failure)
        }
    }
}
