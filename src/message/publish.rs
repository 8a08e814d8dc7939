//! How tasks hand over what they observed.

use super::batch::Batch;
use super::event::Event;

/// Takes what tasks publish. The inbox is one; a headless face may be another.
#[async_trait::async_trait]
pub trait Publish: Send + Sync {
    /// A gauge: the newest of its kind and server wins, nothing waits.
    fn batch(&self, batch: Batch);

    /// Control: never dropped, waits for room.
    async fn control(&self, event: Event);
}
