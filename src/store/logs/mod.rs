//! Log lines of many sources in bounded memory, merged in the order of time, and searched.
//!
//! Lives here: chunks as collectors publish them, sealed segments, the store with its byte budget,
//! the merged walk, queries and their hits. Not here: reading logs, drawing them.

mod bits;
pub mod chunk;
pub mod condition;
pub mod cursor;
pub mod earlier;
pub mod flags;
pub mod histogram;
pub mod hits;
pub mod line;
pub mod log_store;
pub mod merged;
pub mod pattern;
pub mod query;
pub mod search;
pub mod segment;
mod source_log;

pub use chunk::{Chunk, ChunkBuilder};
pub use condition::{FieldCond, FieldOp};
pub use cursor::{Cursor, LineSeq, SourceId};
pub use earlier::OVERLAP;
pub use flags::Flags;
pub use histogram::Bar;
pub use hits::{Hits, SegmentHits};
pub use line::{Entry, Gap, Line};
pub use log_store::{DEFAULT_BUDGET, LogStore, Snapshot, SourceInfo};
pub use merged::{Merged, Position};
pub use pattern::{Case, Pattern, PatternError};
pub use query::{Matcher, Query};
pub use search::{Unsearched, search};
pub use segment::{Segment, SegmentKey};
