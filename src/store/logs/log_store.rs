//! All sources together: who is who, and how much each may hold.

use std::collections::HashMap;
use std::sync::Arc;

use super::chunk::Chunk;
use super::cursor::{Cursor, LineSeq, SourceId};
use super::hits::Hits;
use super::line::{Entry, Line};
use super::merged::Merged;
use super::segment::{Segment, SegmentKey};
use super::source_log::SourceLog;
use crate::domain::log_source::LogSource;
use crate::domain::time::Timestamp;

/// The bytes that lines may take unless the configuration says otherwise.
pub const DEFAULT_BUDGET: usize = 256 * 1024 * 1024;

/// Lines of any number of sources within one byte budget.
#[derive(Clone, Debug)]
pub struct LogStore {
    sources: Vec<SourceLog>,
    ids: HashMap<LogSource, SourceId>,
    budget: usize,
    revision: u64,
}

/// The segments as they are at one moment, newest last line first: a search reads them on another
/// thread while the store goes on. Clones are cheap.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(super) segments: Arc<[Arc<Segment>]>,
}

impl Snapshot {
    /// The segments, newest first.
    pub fn segments(&self) -> &[Arc<Segment>] {
        &self.segments
    }

    /// All lines in it.
    pub fn lines(&self) -> usize {
        self.segments.iter().map(|segment| segment.len()).sum()
    }

    /// All bytes of text in it.
    pub fn text_bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.text().len()).sum()
    }
}

/// What is held of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceInfo<'a> {
    /// Its short name.
    pub id: SourceId,
    /// What it is.
    pub source: &'a LogSource,
    /// Lines held, gaps included.
    pub lines: u64,
    /// Bytes of memory.
    pub bytes: usize,
    /// Lines that were held and dropped for memory: they stood before the first.
    pub dropped: u64,
    /// The times (as ordered) of the first and the last line held.
    pub span: Option<(Timestamp, Timestamp)>,
}

impl Default for LogStore {
    fn default() -> Self {
        Self::new(DEFAULT_BUDGET)
    }
}

impl LogStore {
    /// An empty store that keeps its lines within `budget` bytes.
    pub fn new(budget: usize) -> Self {
        Self { sources: Vec::new(), ids: HashMap::new(), budget, revision: 0 }
    }

    /// Adds lines to a source, oldest first. They are ordered by their times, but never before a
    /// line that came before them from the same source, and not far behind `now`. What no longer
    /// fits the budget is dropped, the oldest of the source that holds most first.
    pub fn append(&mut self, source: &LogSource, chunk: &Chunk, now: Timestamp) {
        if chunk.is_empty() {
            return;
        }
        self.revision += 1;
        self.log_mut(source).append(chunk, now);
        self.shrink();
    }

    /// Notes that lines are missing after the last one of a source; `count` where it is known.
    pub fn gap(&mut self, source: &LogSource, count: impl Into<Option<u64>>, at: Timestamp) {
        self.revision += 1;
        self.log_mut(source).gap(count.into(), at);
        self.shrink();
    }

    /// From now on what stands before the first line of a source is read.
    pub fn begin_earlier(&mut self, source: &LogSource) {
        self.log_mut(source).begin_earlier();
    }

    /// Adds lines there, oldest first, `gap` missing before them (`None` where nobody knows how many). What
    /// is held already is passed over.
    pub fn append_earlier(&mut self, source: &LogSource, chunk: &Chunk, gap: impl Into<Option<u64>>) {
        let gap = gap.into();
        self.revision += 1;
        let log = self.log_mut(source);
        if gap != Some(0) {
            let first = chunk.lines().next().map(|(_, at, ..)| at);
            let here = log.segments.front().map(|segment| segment.earliest());
            if let Some(at) = first.or(here) {
                log.gap_earlier(gap, at);
            }
        }
        log.append_earlier(chunk);
        self.shrink();
    }

    /// What stands there was read.
    pub fn end_earlier(&mut self, source: &LogSource) {
        self.log_mut(source).end_earlier();
    }

    /// Forgets all lines of a source; its id stays its own.
    pub fn clear(&mut self, source: &LogSource) {
        if let Some(log) = self.ids.get(source).and_then(|id| self.sources.get_mut(id.0 as usize)) {
            self.revision += 1;
            log.clear();
        }
    }

    /// Grows with every change; equal numbers mean the same lines.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes the byte budget; what no longer fits is dropped at once.
    pub fn set_budget(&mut self, budget: usize) {
        self.budget = budget;
        self.shrink();
    }

    /// The bytes of memory that all lines take.
    pub fn bytes(&self) -> usize {
        self.sources.iter().map(SourceLog::bytes).sum()
    }

    /// The short name of a source, given at first sight and never again to another.
    pub fn intern(&mut self, source: &LogSource) -> SourceId {
        self.log_mut(source).id
    }

    /// The short name of a source that is known.
    pub fn id(&self, source: &LogSource) -> Option<SourceId> {
        self.ids.get(source).copied()
    }

    /// What a short name stands for.
    pub fn source(&self, id: SourceId) -> Option<&LogSource> {
        self.log(id).map(|log| &log.source)
    }

    /// What is held of every source that was ever seen, in the order of first sight.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = SourceInfo<'_>> {
        self.sources.iter().map(|log| SourceInfo {
            id: log.id,
            source: &log.source,
            lines: log.segments.iter().map(|segment| segment.len() as u64).sum(),
            bytes: log.bytes(),
            dropped: log.dropped,
            span: log.segments.front().zip(log.segments.back()).map(|(a, b)| (a.earliest(), b.latest())),
        })
    }

    /// One line; `None` where it was dropped or never was.
    pub fn line(&self, source: SourceId, seq: LineSeq) -> Option<Line<'_>> {
        let (segment, index) = self.log(source)?.find(seq)?;
        Some(segment.line(index))
    }

    /// One line with its place.
    pub fn entry(&self, source: SourceId, seq: LineSeq) -> Option<Entry<'_>> {
        let (segment, index) = self.log(source)?.find(seq)?;
        Some(Entry { cursor: segment.cursor(index), line: segment.line(index) })
    }

    /// The place of a line in the merged view.
    pub fn cursor(&self, source: SourceId, seq: LineSeq) -> Option<Cursor> {
        self.entry(source, seq).map(|entry| entry.cursor)
    }

    /// Whether a segment is still held.
    pub fn holds(&self, key: SegmentKey) -> bool {
        self.log(key.source).is_some_and(|log| log.first() <= key.first && key.first < log.next)
    }

    /// The view of some sources in the order of time: all lines, or those that a search found.
    pub fn merged<'a>(&'a self, sources: &[SourceId], hits: Option<&'a Hits>) -> Merged<'a> {
        Merged::new(sources.iter().filter_map(|id| self.log(*id)).collect(), hits)
    }

    /// The segments of some sources as they are now, for a search.
    pub fn snapshot(&self, sources: &[SourceId]) -> Snapshot {
        let logs = sources.iter().filter_map(|id| self.log(*id));
        let mut segments: Vec<_> = logs.flat_map(|log| log.segments.iter().cloned()).collect();
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.latest()));
        Snapshot { segments: segments.into() }
    }

    pub(super) fn log(&self, id: SourceId) -> Option<&SourceLog> {
        self.sources.get(id.0 as usize)
    }

    fn log_mut(&mut self, source: &LogSource) -> &mut SourceLog {
        let at = if let Some(id) = self.ids.get(source) {
            id.0 as usize
        } else {
            let id = SourceId(u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
            self.ids.insert(source.clone(), id);
            self.sources.push(SourceLog::new(id, source.clone()));
            id.0 as usize
        };
        &mut self.sources[at]
    }

    /// Drops from whoever holds most until the budget holds: so each source keeps its fair share,
    /// and what a quiet one does not need is there for a loud one.
    fn shrink(&mut self) {
        let mut bytes = self.bytes();
        while bytes > self.budget {
            let largest = self.sources.iter_mut().max_by_key(|log| (log.segments.len() > 1, log.bytes()));
            let Some(freed) = largest.and_then(SourceLog::drop_oldest) else { return };
            bytes -= freed;
        }
    }
}

#[cfg(test)]
#[path = "log_store_tests.rs"]
mod tests;
