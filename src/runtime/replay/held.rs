//! The lines of a recording that were played already, for logs that are opened later. What does not fit is
//! counted or told, not forgotten.

use std::collections::{HashMap, HashSet};

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::log_source::LogSource;
use crate::message::log_batch::LogBatch;

/// How many bytes of lines are kept; past it the oldest of the source that is written to go.
const MOST: usize = 64 << 20;

/// See the module.
#[derive(Debug, Default)]
pub struct Held {
    followed: HashMap<LogSource, Vec<LogBatch>>,
    /// What stands before that, in the order of time.
    earlier: HashMap<LogSource, Vec<LogBatch>>,
    /// The logs of which not all of that could be kept.
    short: HashSet<LogSource>,
    bytes: usize,
}

impl Held {
    /// The lines of a log that goes on, from the first that is kept.
    pub fn of(&self, source: &LogSource) -> Vec<LogBatch> {
        self.followed.get(source).cloned().unwrap_or_default()
    }

    /// What was recorded of a log from before those.
    pub fn earlier(&self, source: &LogSource) -> Vec<LogBatch> {
        self.earlier.get(source).cloned().unwrap_or_default()
    }

    /// Why that is not all, where it is not.
    pub fn short(&self, source: &LogSource) -> Option<Failure> {
        let why = || {
            format!("the recording has more lines than the {} MiB that are kept while it plays", MOST >> 20)
        };
        let what = || format!("read {source} further back");
        self.short.contains(source).then(|| Failure::new(FailureKind::Invalid, what(), why()))
    }

    /// Keeps lines that go on; those that go for them are counted in the gap before the first that is left.
    pub fn take(&mut self, batch: LogBatch) {
        self.bytes += batch.bytes();
        let held = self.followed.entry(batch.source.clone()).or_default();
        held.push(batch);
        while self.bytes > MOST && held.len() > 1 {
            let gone = held.remove(0);
            self.bytes -= gone.bytes();
            let lines = gone.gap.saturating_add(gone.chunk.len() as u64);
            if let Some(next) = held.first_mut() {
                next.gap = next.gap.saturating_add(lines);
            }
        }
    }

    /// Keeps lines that stand before those, where there is room.
    pub fn take_earlier(&mut self, batch: LogBatch) {
        if self.bytes + batch.bytes() > MOST {
            self.short.insert(batch.source);
            return;
        }
        self.bytes += batch.bytes();
        let first = |batch: &LogBatch| batch.chunk.lines().next().map(|(_, at, ..)| at);
        let held = self.earlier.entry(batch.source.clone()).or_default();
        let at = held.partition_point(|other| first(other) <= first(&batch));
        held.insert(at, batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log_source::LogStream;
    use crate::domain::time::Timestamp;
    use crate::store::logs::{ChunkBuilder, Flags};

    fn megabyte(source: &LogSource) -> LogBatch {
        let mut chunk = ChunkBuilder::default();
        for n in 0..64 {
            chunk.push_raw(&"x".repeat(16 << 10), Timestamp::from_secs(n), Flags::NONE);
        }
        LogBatch::new(source.clone(), chunk.take(), 0)
    }

    #[test]
    fn every_line_is_held_or_counted() {
        let stream = LogStream::Container { name: "shop-web-1".into() };
        let source = LogSource { server: "web-1".into(), stream };
        let mut held = Held::default();
        let all = 70;
        for _ in 0..all {
            held.take(megabyte(&source));
        }
        let lines: u64 = held.of(&source).iter().map(|it| it.gap + it.chunk.len() as u64).sum();
        assert_eq!(lines, all * 64);
        assert!(held.of(&source)[0].gap > 0);
        // There is no room left for what stands before, which is told.
        assert!(held.short(&source).is_none());
        held.take_earlier(megabyte(&source));
        held.take_earlier(megabyte(&source));
        assert!(held.short(&source).is_some());
    }
}
