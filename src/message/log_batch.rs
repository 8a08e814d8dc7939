//! Log lines as a follower hands them over.

use serde::{Deserialize, Serialize};

use crate::domain::failure::Failure;
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
    /// Which part of the log they are of.
    #[serde(default, skip_serializing_if = "Part::is_followed")]
    pub part: Part,
}

/// A part of a log that is read by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The one that goes on.
    #[default]
    Followed,
    /// What stands before that, read when someone goes back further than it reaches.
    Earlier,
    /// That is read to its end, or as far as it could be.
    EarlierEnd(Option<Failure>),
}

impl Part {
    fn is_followed(&self) -> bool {
        *self == Self::Followed
    }
}

impl LogBatch {
    /// Lines of the part that goes on.
    pub const fn new(source: LogSource, chunk: Chunk, gap: u64) -> Self {
        Self { source, chunk, gap, part: Part::Followed }
    }

    /// A gap of which nobody knows how many lines it has.
    pub const UNCOUNTED: u64 = u64::MAX;

    /// What it takes of the budget on the way, in bytes.
    pub fn bytes(&self) -> usize {
        self.chunk.bytes() + size_of::<Self>()
    }
}
