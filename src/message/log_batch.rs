//! Log lines as a follower hands them over.

use serde::{Deserialize, Serialize};

use crate::domain::log_source::LogSource;
use crate::store::logs::Chunk;

/// Lines of one source, in its order. One without lines says that the source is followed now, and
/// takes back a failure that was told before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBatch {
    /// Where they come from.
    pub source: LogSource,
    /// The lines.
    pub chunk: Chunk,
    /// How many lines are known to be missing before the first of these;
    /// [`Self::UNCOUNTED`] where that is all that is known.
    pub gap: u64,
}

impl LogBatch {
    /// A gap of which nobody knows how many lines it has.
    pub const UNCOUNTED: u64 = u64::MAX;

    /// What it takes of the budget on the way, in bytes.
    pub fn bytes(&self) -> usize {
        self.chunk.bytes() + size_of::<Self>()
    }
}
