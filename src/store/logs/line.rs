//! A line as it is read from the store.

use super::cursor::Cursor;
use super::flags::Flags;
use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// One line, borrowed from its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its text, harmless and at most 64 KiB; for a gap, a sentence that says what is missing.
    pub text: &'a str,
    /// Its time as the source told it.
    pub time: Timestamp,
    /// Its level; a continuation has its record's.
    pub level: Level,
    /// Its marks.
    pub flags: Flags,
    /// What is missing here, where this is a gap.
    pub gap: Option<Gap>,
}

/// A place where lines are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many; `None` where nobody counted.
    pub count: Option<u64>,
}

/// A line with its place in the merged view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place, and with it its source and number.
    pub cursor: Cursor,
    /// The line.
    pub line: Line<'a>,
}
