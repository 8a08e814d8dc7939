//! A block of lines of one source: one text and narrow columns. Once it is full it never changes,
//! so that a search on another thread reads it without a lock.

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, LineSeq, SourceId};
use super::flags::Flags;
use super::line::{Gap, Line};
use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// The most lines in a segment; an index into one fits in 16 bits.
pub const MAX_LINES: usize = 4096;
/// The most bytes of text in a segment.
pub const MAX_TEXT: usize = 512 * 1024;
/// From here on the next record opens a new segment, so that a record is rarely split over two.
const SOFT_LINES: usize = MAX_LINES - 256;
const SOFT_TEXT: usize = MAX_TEXT - 64 * 1024;
/// Lines that are counted together.
const BLOCK: usize = 128;

/// Names a segment for as long as it is held: its source and its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SegmentKey {
    /// The source.
    pub source: SourceId,
    /// The first line.
    pub first: LineSeq,
}

/// Lines in the order in which they came; about ten bytes a line beside the text.
#[derive(Clone, Debug)]
pub struct Segment {
    key: SegmentKey,
    /// Each line and a newline, so that a pattern is run over all lines at once.
    text: String,
    /// Where each line's newline stands.
    ends: Vec<u32>,
    /// What `order` counts from, in milliseconds since the epoch.
    base: i64,
    /// The time by which each line is ordered; never falls.
    order: Vec<u32>,
    /// The lines whose own time is another than that of their order, by index.
    odd_times: Vec<(u16, i64)>,
    levels: Vec<Level>,
    flags: Vec<Flags>,
    gaps: Vec<(u16, Option<u64>)>,
    /// Records (not continuations, not gaps) of each level, in all and in each block of lines.
    counts: [u32; LEVELS],
    blocks: Vec<[u16; LEVELS]>,
    multiline: bool,
}

/// The number of levels, unknown included.
pub const LEVELS: usize = Level::Fatal as usize + 1;

/// What is appended to a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewLine<'a> {
    pub text: &'a str,
    pub order: Timestamp,
    pub time: Timestamp,
    pub level: Level,
    pub flags: Flags,
    pub gap: Option<Gap>,
}

impl Segment {
    pub(super) fn new(key: SegmentKey, base: Timestamp) -> Self {
        Self {
            key,
            text: String::new(),
            ends: Vec::new(),
            base: base.as_millis(),
            order: Vec::new(),
            odd_times: Vec::new(),
            levels: Vec::new(),
            flags: Vec::new(),
            gaps: Vec::new(),
            counts: [0; LEVELS],
            blocks: Vec::new(),
            multiline: false,
        }
    }

    /// Whether the line still belongs into this segment.
    pub(super) fn takes(&self, line: &NewLine<'_>) -> bool {
        let lines = self.len();
        let text = self.text.len() + line.text.len() + 1;
        let soft = line.flags.has(Flags::CONTINUATION) || (lines < SOFT_LINES && text <= SOFT_TEXT);
        let offset = line.order.as_millis().saturating_sub(self.base);
        lines == 0 || (soft && lines < MAX_LINES && text <= MAX_TEXT && u32::try_from(offset).is_ok())
    }

    /// Appends a line that [`takes`](Self::takes) said yes to, and whose order does not fall.
    pub(super) fn push(&mut self, line: &NewLine<'_>) {
        let index = u16::try_from(self.len()).unwrap_or(u16::MAX);
        self.text.push_str(line.text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.text.push('\n');
        let offset = line.order.as_millis().saturating_sub(self.base);
        self.order.push(u32::try_from(offset).unwrap_or(u32::MAX));
        if line.time != line.order {
            self.odd_times.push((index, line.time.as_millis()));
        }
        if self.len() > self.blocks.len() * BLOCK {
            self.blocks.push([0; LEVELS]);
        }
        self.levels.push(line.level);
        self.flags.push(line.flags);
        if let Some(gap) = line.gap {
            self.gaps.push((index, gap.count));
        } else if line.flags.has(Flags::CONTINUATION) {
            self.multiline = true;
        } else {
            self.counts[line.level as usize] += 1;
            if let Some(block) = self.blocks.last_mut() {
                block[line.level as usize] += 1;
            }
        }
    }

    /// Gives back the room that no line will need.
    pub(super) fn seal(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.order.shrink_to_fit();
        self.odd_times.shrink_to_fit();
        self.levels.shrink_to_fit();
        self.flags.shrink_to_fit();
        self.gaps.shrink_to_fit();
        self.blocks.shrink_to_fit();
    }

    /// Its name.
    pub fn key(&self) -> SegmentKey {
        self.key
    }

    /// The number of lines, gaps included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no line.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of memory that it takes.
    pub fn footprint(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + (self.ends.capacity() + self.order.capacity()) * 4
            + self.odd_times.capacity() * size_of::<(u16, i64)>()
            + self.levels.capacity()
            + self.flags.capacity()
            + self.gaps.capacity() * size_of::<(u16, Option<u64>)>()
            + self.blocks.capacity() * size_of::<[u16; LEVELS]>()
    }

    /// All lines, each with its newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Records of each level, by [`Level`] as an index; continuations and gaps are not counted.
    pub fn counts(&self) -> &[u32; LEVELS] {
        &self.counts
    }

    /// Adds the records of each level among some lines to `sum`.
    pub fn count_into(&self, lines: std::ops::Range<usize>, sum: &mut [u32; LEVELS]) {
        let mut line = lines.start;
        while line < lines.end {
            let whole = line.is_multiple_of(BLOCK) && line + BLOCK <= lines.end;
            if let Some(block) = self.blocks.get(line / BLOCK).filter(|_| whole) {
                sum.iter_mut().zip(block).for_each(|(sum, n)| *sum += u32::from(*n));
                line += BLOCK;
                continue;
            }
            if self.is_record(line) {
                sum[self.levels[line] as usize] += 1;
            }
            line += 1;
        }
    }

    /// Whether a line begins a record: no continuation, no gap.
    pub fn is_record(&self, line: usize) -> bool {
        self.flags.get(line).is_some_and(|flags| !flags.has(Flags::CONTINUATION) && !flags.has(Flags::GAP))
    }

    /// Whether some record in it has more than one line.
    pub fn is_multiline(&self) -> bool {
        self.multiline
    }

    /// The line at an index below [`len`](Self::len); an empty one elsewhere.
    pub fn line(&self, index: usize) -> Line<'_> {
        let (Some(&level), Some(&flags)) = (self.levels.get(index), self.flags.get(index)) else {
            return Line {
                text: "",
                time: Timestamp::default(),
                level: Level::Unknown,
                flags: Flags::NONE,
                gap: None,
            };
        };
        Line { text: self.text_of(index), time: self.time(index), level, flags, gap: self.gap(index) }
    }

    /// The text of a line.
    pub fn text_of(&self, index: usize) -> &str {
        let start = self.start_of(index);
        self.ends.get(index).and_then(|end| self.text.get(start..*end as usize)).unwrap_or_default()
    }

    /// Where a line's text begins; behind the text for an index past the last.
    pub fn start_of(&self, index: usize) -> usize {
        match index.checked_sub(1) {
            None => 0,
            Some(before) => self.ends.get(before).map_or(self.text.len(), |end| *end as usize + 1),
        }
    }

    /// Where a line's text ends, its newline not counted.
    pub fn end_of(&self, index: usize) -> usize {
        self.ends.get(index).map_or(self.text.len(), |end| *end as usize)
    }

    /// The line that holds the byte at `offset`, at or behind the line `from`.
    pub fn line_at_byte(&self, offset: usize, from: usize) -> usize {
        let ends = &self.ends[from.min(self.ends.len())..];
        // Matches lie close together or far apart: a gallop serves both.
        let mut step = 1;
        while step < ends.len() && (ends[step] as usize) < offset {
            step *= 2;
        }
        let low = step / 2;
        let high = ends.len().min(step + 1);
        from + low + ends[low..high].partition_point(|end| (*end as usize) < offset)
    }

    /// The time by which a line is ordered.
    pub fn order(&self, index: usize) -> Timestamp {
        Timestamp::from_millis(self.base.saturating_add(self.order.get(index).copied().unwrap_or(0).into()))
    }

    /// The first line whose order is not before `at`; [`len`](Self::len) where there is none.
    pub fn first_not_before(&self, at: Timestamp) -> usize {
        match u32::try_from(at.as_millis().saturating_sub(self.base)) {
            Ok(offset) => self.order.partition_point(|order| *order < offset),
            Err(_) if at.as_millis() < self.base => 0,
            Err(_) => self.len(),
        }
    }

    /// A line's own time.
    pub fn time(&self, index: usize) -> Timestamp {
        let odd = u16::try_from(index).ok().and_then(|index| {
            let at = self.odd_times.binary_search_by_key(&index, |(i, _)| *i).ok()?;
            Some(Timestamp::from_millis(self.odd_times[at].1))
        });
        odd.unwrap_or_else(|| self.order(index))
    }

    /// The levels of all lines.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// The marks of all lines.
    pub fn flags(&self) -> &[Flags] {
        &self.flags
    }

    /// The lines that are gaps, by index.
    pub fn gaps(&self) -> impl Iterator<Item = usize> {
        self.gaps.iter().map(|(index, _)| usize::from(*index))
    }

    /// The order of the first line.
    pub fn earliest(&self) -> Timestamp {
        self.order(0)
    }

    /// The order of the last line.
    pub fn latest(&self) -> Timestamp {
        self.order(self.len().saturating_sub(1))
    }

    /// The place of a line in the merged view.
    pub fn cursor(&self, index: usize) -> Cursor {
        Cursor {
            at: self.order(index),
            source: self.key.source,
            seq: LineSeq(self.key.first.0 + index as u64),
        }
    }

    /// The first line whose place is not before the cursor; [`len`](Self::len) where there is none.
    pub fn first_from(&self, cursor: &Cursor) -> usize {
        let mut low = 0;
        let mut high = self.len();
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.cursor(middle) < *cursor { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The first line of the record that a line belongs to, within this segment.
    pub fn record_start(&self, index: usize) -> usize {
        let mut at = index.min(self.len().saturating_sub(1));
        while at > 0 && self.flags[at].has(Flags::CONTINUATION) {
            at -= 1;
        }
        at
    }

    fn gap(&self, index: usize) -> Option<Gap> {
        let at = self.gaps.binary_search_by_key(&index, |(i, _)| usize::from(*i)).ok()?;
        Some(Gap { count: self.gaps[at].1 })
    }
}
