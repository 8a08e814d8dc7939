//! Names of lines, and places between them. A name stays true while lines come and are dropped.

use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// A source within one store: short for a [`LogSource`](crate::domain::log_source::LogSource),
/// never used again for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub u32);

/// A line's number within its source: the next line has the next, but for holes before what was read
/// later than what follows it. Never an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineSeq(pub u64);

/// A place in the merged view: just before the line that it names. The order is that of the view:
/// time, then source, then number. It stays a good place when its line is dropped or filtered out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// The time by which the line is ordered: never less than that of the line before it in its
    /// source, and the record's for each of its lines.
    pub at: Timestamp,
    /// The source.
    pub source: SourceId,
    /// The line.
    pub seq: LineSeq,
}

impl Cursor {
    /// Before everything.
    pub const START: Self =
        Self { at: Timestamp::from_millis(i64::MIN), source: SourceId(0), seq: LineSeq(0) };

    /// After everything.
    pub const END: Self =
        Self { at: Timestamp::from_millis(i64::MAX), source: SourceId(u32::MAX), seq: LineSeq(u64::MAX) };

    /// Before the first line of that time or later.
    pub const fn at_time(at: Timestamp) -> Self {
        Self { at, source: SourceId(0), seq: LineSeq(0) }
    }

    /// Just behind the line that this one stands before.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { at: self.at, source: self.source, seq: LineSeq(self.seq.0.saturating_add(1)) }
    }
}
