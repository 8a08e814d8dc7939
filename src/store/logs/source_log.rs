//! The segments of one source, oldest first, and the rules by which lines enter them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::chunk::Chunk;
use super::cursor::{Cursor, LineSeq, SourceId};
use super::earlier::Earlier;
use super::flags::Flags;
use super::line::Gap;
use super::segment::{NewLine, Segment, SegmentKey};
use crate::domain::level::Level;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;

/// How far past the console's clock a line may be ordered: one line that claims the next century
/// must not drag all lines after it along.
const FUTURE: Duration = Duration::from_secs(15 * 60);

/// The number of a source's first line: what stands before it may be read later, and has lower ones.
pub(super) const BASE: u64 = 1 << 48;

#[derive(Clone, Debug)]
pub(super) struct SourceLog {
    pub id: SourceId,
    pub source: LogSource,
    pub segments: VecDeque<Arc<Segment>>,
    pub next: LineSeq,
    /// Lines dropped for memory, from the oldest on.
    pub dropped: u64,
    /// Bytes of all segments but the last, which still grows.
    sealed: usize,
    /// What stands before all this, while it is read.
    earlier: Option<Earlier>,
    order: Timestamp,
    level: Level,
}

impl SourceLog {
    pub fn new(id: SourceId, source: LogSource) -> Self {
        Self {
            id,
            source,
            segments: VecDeque::new(),
            next: LineSeq(BASE),
            dropped: 0,
            sealed: 0,
            earlier: None,
            order: Timestamp::from_millis(i64::MIN),
            level: Level::Unknown,
        }
    }

    pub fn append(&mut self, chunk: &Chunk, now: Timestamp) {
        for (text, time, level, flags) in chunk.lines() {
            let mut line = NewLine { text, order: self.order, time, level, flags, gap: None };
            if flags.has(Flags::CONTINUATION) && self.next > LineSeq(BASE) {
                line.level = self.level;
            } else {
                line.order = time.min(now + FUTURE).max(self.order);
                self.level = level;
            }
            self.push(&line);
        }
    }

    pub fn gap(&mut self, count: Option<u64>, at: Timestamp) {
        let text = missing(count);
        let order = at.max(self.order);
        let gap = Some(Gap { count });
        self.push(&NewLine { text: &text, order, time: at, level: Level::Unknown, flags: Flags::GAP, gap });
        self.level = Level::Unknown;
    }

    /// From now on what stands before the first line is read; nothing where there is none.
    pub fn begin_earlier(&mut self) {
        self.end_earlier();
        self.earlier = Earlier::before(&self.segments);
    }

    /// Adds lines, oldest first, before the first line that was there when that began.
    pub fn append_earlier(&mut self, chunk: &Chunk) {
        let Some(mut earlier) = self.earlier.take() else { return };
        for (text, time, level, flags) in chunk.lines() {
            if let Some(line) = earlier.take(text, time, level, flags) {
                self.push_earlier(&mut earlier, &line);
            }
        }
        self.earlier = Some(earlier);
    }

    /// Notes likewise that lines are missing there.
    pub fn gap_earlier(&mut self, count: Option<u64>, at: Timestamp) {
        let Some(mut earlier) = self.earlier.take() else { return };
        let text = missing(count);
        let line = earlier.gap(&text, count, at);
        self.push_earlier(&mut earlier, &line);
        self.earlier = Some(earlier);
    }

    /// What stands there was read.
    pub fn end_earlier(&mut self) {
        let Some(earlier) = self.earlier.take() else { return };
        if let Some(tail) = earlier.segments.checked_sub(1).and_then(|at| self.segments.get_mut(at)) {
            let before = tail.footprint();
            Arc::make_mut(tail).seal();
            self.sealed = self.sealed + tail.footprint() - before;
        }
    }

    fn push_earlier(&mut self, earlier: &mut Earlier, line: &NewLine<'_>) {
        // Where memory took what it stood before, it would be newer than what is held.
        if self.segments.len() <= earlier.segments {
            return;
        }
        let tail = earlier.segments.checked_sub(1).and_then(|at| self.segments.get(at));
        if !tail.is_some_and(|tail| tail.takes(line)) {
            if let Some(full) = earlier.segments.checked_sub(1).and_then(|at| self.segments.get_mut(at)) {
                let before = full.footprint();
                Arc::make_mut(full).seal();
                self.sealed = self.sealed + full.footprint() - before;
            }
            let key = SegmentKey { source: self.id, first: earlier.next };
            let new = Segment::new(key, line.order);
            self.sealed += new.footprint();
            self.segments.insert(earlier.segments, Arc::new(new));
            earlier.segments += 1;
        }
        if let Some(tail) = earlier.segments.checked_sub(1).and_then(|at| self.segments.get_mut(at)) {
            let before = tail.footprint();
            Arc::make_mut(tail).push(line);
            self.sealed = self.sealed + tail.footprint() - before;
        }
        earlier.next.0 += 1;
    }

    /// Drops everything, as if it had never been there.
    pub fn clear(&mut self) {
        self.segments.clear();
        self.earlier = None;
        self.sealed = 0;
        self.dropped = 0;
    }

    /// Drops the oldest segment and gives back its bytes; `None` where there is none.
    pub fn drop_oldest(&mut self) -> Option<usize> {
        let segment = self.segments.pop_front()?;
        if let Some(earlier) = &mut self.earlier {
            earlier.segments = earlier.segments.saturating_sub(1);
        }
        let lines = segment.len() - segment.gaps().count();
        self.dropped += lines as u64;
        let bytes = segment.footprint();
        if !self.segments.is_empty() {
            self.sealed -= bytes;
        }
        Some(bytes)
    }

    /// The bytes of memory that its segments take.
    pub fn bytes(&self) -> usize {
        self.sealed + self.segments.back().map_or(0, |tail| tail.footprint())
    }

    pub fn first(&self) -> LineSeq {
        self.segments.front().map_or(self.next, |segment| segment.key().first)
    }

    /// The segment with the first line that is not before the cursor, and that line; the number
    /// of segments where there is none.
    pub fn seek(&self, cursor: &Cursor) -> (usize, usize) {
        let segment = self.segments.partition_point(|s| s.cursor(s.len().saturating_sub(1)) < *cursor);
        (segment, self.segments.get(segment).map_or(0, |s| s.first_from(cursor)))
    }

    /// The segment that holds a line, and its index there.
    pub fn find(&self, seq: LineSeq) -> Option<(&Arc<Segment>, usize)> {
        let after = self.segments.partition_point(|s| s.key().first <= seq);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        let index = usize::try_from(seq.0 - segment.key().first.0).ok()?;
        (index < segment.len()).then_some((segment, index))
    }

    fn push(&mut self, line: &NewLine<'_>) {
        self.order = line.order;
        if !self.segments.back().is_some_and(|tail| tail.takes(line)) {
            self.open(line.order);
        }
        if let Some(tail) = self.segments.back_mut() {
            // Copies the tail once for each search that still holds it, and never otherwise.
            Arc::make_mut(tail).push(line);
        }
        self.next.0 += 1;
    }

    fn open(&mut self, base: Timestamp) {
        let key = SegmentKey { source: self.id, first: self.next };
        if let Some(full) = self.segments.back_mut() {
            Arc::make_mut(full).seal();
            self.sealed += full.footprint();
        }
        self.segments.push_back(Arc::new(Segment::new(key, base)));
    }
}

fn missing(count: Option<u64>) -> String {
    match count {
        Some(1) => "1 line is missing here".to_owned(),
        Some(n) => format!("{n} lines are missing here"),
        None => "lines are missing here".to_owned(),
    }
}
