//! Where a follower puts its lines: gathered into chunks, handed over when one is large enough or
//! has waited long enough.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::clock::Clock;
use crate::domain::failure::Failure;
use crate::domain::level::Level;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;
use crate::message::log_batch::{LogBatch, Part};
use crate::message::publish::Publish;
use crate::store::logs::{ChunkBuilder, Flags};

/// A chunk of so many bytes goes at once.
const FULL_BYTES: usize = 64 * 1024;
/// A chunk of so many lines goes at once.
const FULL_LINES: usize = 4096;
/// A first line waits this long for more; a person does not see the difference, and one who reads
/// a slow log does not pay a hand-over for each line.
const LINGER: Duration = Duration::from_millis(30);

/// See the module.
pub struct Sink {
    source: LogSource,
    part: Part,
    builder: ChunkBuilder,
    gap: u64,
    /// When the oldest line that waits has waited long enough.
    due: Option<Instant>,
    clock: Arc<dyn Clock>,
    out: Arc<dyn Publish>,
}

impl Sink {
    /// For a part of one source.
    pub fn new(source: LogSource, part: Part, clock: Arc<dyn Clock>, out: Arc<dyn Publish>) -> Self {
        Self { source, part, builder: ChunkBuilder::default(), gap: 0, due: None, clock, out }
    }

    /// The console's time, for lines that tell none.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A line of which only the text is known.
    pub fn raw(&mut self, line: &str, at: Timestamp, flags: Flags) {
        self.builder.push_raw(line, at, flags);
        self.wait();
    }

    /// A line of which the source tells the level.
    pub fn line(&mut self, line: &str, at: Timestamp, level: Level, flags: Flags) {
        self.builder.push(line, at, level, flags);
        self.wait();
    }

    /// Lines are missing before the next one; [`LogBatch::UNCOUNTED`] where nobody knows how many.
    pub async fn gap(&mut self, missing: u64) {
        self.flush().await;
        self.gap = self.gap.saturating_add(missing);
        self.wait();
    }

    /// Whether the chunk should go now.
    pub fn is_full(&self) -> bool {
        self.builder.bytes() >= FULL_BYTES || self.builder.len() >= FULL_LINES
    }

    /// Hands over what there is, and waits for room.
    pub async fn flush(&mut self) {
        self.due = None;
        if !self.builder.is_empty() || self.gap > 0 {
            self.hand_over().await;
        }
    }

    /// Says that the source is read now, though there may be no line for long.
    pub async fn begin(&mut self) {
        self.due = None;
        self.hand_over().await;
    }

    /// Sleeps until lines have waited long enough; for ever while there are none. Safe to drop.
    pub async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    async fn hand_over(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        let (source, part) = (self.source.clone(), self.part.clone());
        self.out.logs(LogBatch { source, chunk: self.builder.take(), gap, part }).await;
    }

    /// Says how the reading of an earlier part ended.
    pub async fn end(mut self, failure: Option<Failure>) {
        self.flush().await;
        self.part = Part::EarlierEnd(failure);
        self.hand_over().await;
    }

    fn wait(&mut self) {
        if self.due.is_none() {
            self.due = Some(Instant::now() + LINGER);
        }
    }
}
