//! How tasks hand over what they observed.

use super::batch::Batch;
use super::event::Event;
use super::log_batch::LogBatch;

/// Takes what tasks publish. The inbox is one; a headless face may be another.
#[async_trait::async_trait]
pub trait Publish: Send + Sync {
    /// A gauge: the newest of its kind and server wins, nothing waits.
    fn batch(&self, batch: Batch);

    /// Log lines: none is dropped, and their order is kept. Waits for room, so that a source that is
    /// faster than the console is held back.
    async fn logs(&self, batch: LogBatch);

    /// Control: never dropped, waits for room.
    async fn control(&self, event: Event);
}
