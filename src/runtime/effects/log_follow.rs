//! The logs that are followed for the console, each until it is given up.

use std::collections::HashMap;
use std::sync::Arc;

use crate::collectors::logs::LogRange;
use crate::collectors::supervisor::Following;
use crate::domain::clock::Clock;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::effect::Back;
use crate::message::log_batch::{LogBatch, Part};
use crate::message::publish::Publish;
use crate::runtime::observers::Observers;
use crate::store::logs::Chunk;

/// Holds what is followed.
pub struct LogFollower {
    observers: Arc<Observers>,
    clock: Arc<dyn Clock>,
    out: Arc<dyn Publish>,
    followed: HashMap<LogSource, Following>,
    /// What is read of before that.
    reached: HashMap<LogSource, Following>,
}

impl LogFollower {
    /// Follows nothing yet.
    pub fn new(observers: Arc<Observers>, clock: Arc<dyn Clock>, out: Arc<dyn Publish>) -> Self {
        Self { observers, clock, out, followed: HashMap::new(), reached: HashMap::new() }
    }

    /// Follows a log from so far back on, in place of an earlier follow. To be called within a
    /// tokio runtime.
    pub fn follow(&mut self, source: LogSource, back: Back) {
        // The earlier one ends first, so that nothing of it comes behind the new one's first batch.
        self.unfollow(&source);
        let tail = back.lines.map(|lines| u32::try_from(lines).unwrap_or(u32::MAX));
        let range = LogRange { tail, since: back.since, until: None, follow: true };
        match self.observers.supervisor.follow(source.clone(), range) {
            Ok(following) => {
                self.followed.insert(source, following);
            }
            Err(failure) => {
                let observation = Observation::Failed(Subject::Logs(source.stream), failure);
                self.out.batch(Batch { server: source.server, at: self.clock.now(), observation });
            }
        }
    }

    /// Reads what stands before a followed log; what to tell where that cannot be begun. To be called
    /// within a tokio runtime.
    pub fn reach(&mut self, source: LogSource, from: Timestamp, until: Timestamp) -> Option<LogBatch> {
        self.reached.remove(&source);
        match self.observers.supervisor.reach(source.clone(), from, until) {
            Ok(reading) => {
                self.reached.insert(source, reading);
                None
            }
            Err(failure) => {
                let part = Part::EarlierEnd(Some(failure));
                Some(LogBatch { part, ..LogBatch::new(source, Chunk::default(), 0) })
            }
        }
    }

    /// Gives a log up.
    pub fn unfollow(&mut self, source: &LogSource) {
        self.followed.remove(source);
        self.reached.remove(source);
    }
}
