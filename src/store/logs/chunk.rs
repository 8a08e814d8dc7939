//! Lines on their way from a collector to the store: one text, and columns beside it.

use serde::{Deserialize, Serialize};

use super::flags::Flags;
use crate::domain::level::Level;
use crate::domain::line::continuation::Joiner;
use crate::domain::line::level::level_of;
use crate::domain::line::tidy::tidy;
use crate::domain::time::Timestamp;

/// A run of lines of one source, oldest first. All columns have the same length; each line of the
/// text ends with a newline, and `ends` tells where that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Columns")]
pub struct Chunk {
    text: String,
    ends: Vec<u32>,
    times: Vec<i64>,
    levels: Vec<Level>,
    flags: Vec<Flags>,
}

#[derive(Deserialize)]
struct Columns {
    text: String,
    ends: Vec<u32>,
    times: Vec<i64>,
    levels: Vec<Level>,
    flags: Vec<Flags>,
}

/// A recorded chunk whose columns do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the columns of a recorded run of log lines do not fit each other")]
pub struct ColumnsDoNotFit;

impl TryFrom<Columns> for Chunk {
    type Error = ColumnsDoNotFit;

    fn try_from(c: Columns) -> Result<Self, ColumnsDoNotFit> {
        let lines = c.ends.len();
        let newlines = memchr::memchr_iter(b'\n', c.text.as_bytes());
        let fit = [c.times.len(), c.levels.len(), c.flags.len()].iter().all(|n| *n == lines)
            && newlines.eq(c.ends.iter().map(|end| *end as usize))
            && c.ends.last().map_or(0, |end| *end as usize + 1) == c.text.len();
        fit.then_some(Self { text: c.text, ends: c.ends, times: c.times, levels: c.levels, flags: c.flags })
            .ok_or(ColumnsDoNotFit)
    }
}

impl Chunk {
    /// The number of lines.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no line.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes that it takes on the way.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * (4 + 8 + 1 + 1)
    }

    /// Its lines: text, time, level, marks.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (&str, Timestamp, Level, Flags)> {
        (0..self.len()).map(|i| {
            let start = if i == 0 { 0 } else { self.ends[i - 1] as usize + 1 };
            let text = &self.text[start..self.ends[i] as usize];
            (text, Timestamp::from_millis(self.times[i]), self.levels[i], self.flags[i])
        })
    }
}

/// Gathers the lines of one source into chunks. It lives as long as the stream does, since it
/// remembers the record that the last chunk ended in.
#[derive(Clone, Debug, Default)]
pub struct ChunkBuilder {
    chunk: Chunk,
    joiner: Joiner,
}

impl ChunkBuilder {
    /// Adds a line of which the source itself tells level and marks (a journal entry). The text is
    /// made harmless and bounded here; a newline in it does not end the line.
    pub fn push(&mut self, line: &str, at: Timestamp, level: Level, flags: Flags) {
        let cut = tidy(line, &mut self.chunk.text);
        self.end_line(at, level, if cut { flags | Flags::TRUNCATED } else { flags });
    }

    /// Adds a line of which only the text is known: its level, and whether it goes on with the
    /// record before it, are read from the text.
    pub fn push_raw(&mut self, line: &str, at: Timestamp, flags: Flags) {
        let start = self.chunk.text.len();
        let mut flags = flags;
        if tidy(line, &mut self.chunk.text) {
            flags |= Flags::TRUNCATED;
        }
        let text = &self.chunk.text[start..];
        let level = if self.joiner.continues(text, at) {
            flags |= Flags::CONTINUATION;
            Level::Unknown
        } else {
            let level = level_of(text);
            self.joiner.began(level);
            level
        };
        self.end_line(at, level, flags);
    }

    /// The number of lines so far.
    pub fn len(&self) -> usize {
        self.chunk.len()
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.chunk.is_empty()
    }

    /// The bytes so far; a chunk is best taken at some tens of KiB, at the latest at 4 MiB.
    pub fn bytes(&self) -> usize {
        self.chunk.bytes()
    }

    /// The lines so far as a chunk; the builder goes on empty, and remembers the open record.
    #[must_use]
    pub fn take(&mut self) -> Chunk {
        std::mem::take(&mut self.chunk)
    }

    fn end_line(&mut self, at: Timestamp, level: Level, flags: Flags) {
        self.chunk.ends.push(u32::try_from(self.chunk.text.len()).unwrap_or(u32::MAX));
        self.chunk.text.push('\n');
        self.chunk.times.push(at.as_millis());
        self.chunk.levels.push(level);
        self.chunk.flags.push(flags.without(Flags::GAP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1);

    #[test]
    fn a_record_goes_on_over_the_end_of_a_chunk() {
        let mut builder = ChunkBuilder::default();
        builder.push_raw("ERROR it broke", AT, Flags::NONE);
        let first = builder.take();
        builder.push_raw("    at shop.Cart", AT, Flags::STDERR);
        let second = builder.take();
        assert_eq!(first.lines().collect::<Vec<_>>(), [("ERROR it broke", AT, Level::Error, Flags::NONE)]);
        assert!(second.lines().all(|(.., flags)| flags.has(Flags::CONTINUATION | Flags::STDERR)));
        assert!(builder.is_empty());
    }

    #[test]
    fn a_line_with_a_newline_in_it_stays_one_line() {
        let mut builder = ChunkBuilder::default();
        builder.push("one\ntwo", AT, Level::Info, Flags::NONE);
        assert_eq!(builder.take().lines().map(|(text, ..)| text.to_owned()).collect::<Vec<_>>(), ["one␊two"]);
    }

    #[test]
    fn a_recorded_chunk_reads_back_and_a_broken_one_is_refused() {
        let mut builder = ChunkBuilder::default();
        builder.push_raw("one", AT, Flags::NONE);
        builder.push_raw("two", AT, Flags::NONE);
        let chunk = builder.take();
        let json = serde_json::to_string(&chunk).unwrap();
        assert_eq!(serde_json::from_str::<Chunk>(&json).unwrap(), chunk);
        for broken in
            [json.replace("[3,7]", "[3,6]"), json.replace("[3,7]", "[3]"), json.replace("two", "t\\nw")]
        {
            assert_ne!(broken, json);
            assert!(serde_json::from_str::<Chunk>(&broken).is_err(), "{broken}");
        }
    }
}
