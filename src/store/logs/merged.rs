//! Several sources walked in the order of time, forward and backward, without an index over them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::cursor::Cursor;
use super::hits::{Hits, Slots};
use super::line::Entry;
use super::source_log::SourceLog;
use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// A view of some sources, whole or filtered; made anew for each use, it costs nothing.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    pub(super) logs: Vec<&'a SourceLog>,
    pub(super) hits: Option<&'a Hits>,
}

/// Where a place stands in the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Lines before it.
    pub before: usize,
    /// Lines in all.
    pub total: usize,
}

impl<'a> Merged<'a> {
    pub(super) fn new(logs: Vec<&'a SourceLog>, hits: Option<&'a Hits>) -> Self {
        Self { logs, hits }
    }

    /// The lines from a place on, oldest first.
    pub fn forward(&self, from: Cursor) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let mut walks: Vec<_> = self.logs.iter().map(|log| Walk::seek(log, self.hits, &from)).collect();
        let mut heap: BinaryHeap<_> =
            walks.iter().enumerate().filter_map(|(i, walk)| Some((Reverse(walk.at()?.cursor), i))).collect();
        std::iter::from_fn(move || {
            let (_, i) = heap.pop()?;
            let walk = walks.get_mut(i)?;
            let entry = walk.at()?;
            walk.forth();
            heap.extend(walk.at().map(|next| (Reverse(next.cursor), i)));
            Some(entry)
        })
    }

    /// The lines before a place, newest first.
    pub fn backward(&self, from: Cursor) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let mut walks: Vec<_> = self.logs.iter().map(|log| Walk::seek(log, self.hits, &from)).collect();
        for walk in &mut walks {
            walk.back();
        }
        let mut heap: BinaryHeap<_> =
            walks.iter().enumerate().filter_map(|(i, walk)| Some((walk.at()?.cursor, i))).collect();
        std::iter::from_fn(move || {
            let (_, i) = heap.pop()?;
            let walk = walks.get_mut(i)?;
            let entry = walk.at()?;
            walk.back();
            heap.extend(walk.at().map(|next| (next.cursor, i)));
            Some(entry)
        })
    }

    /// At most `n` lines from a place on, oldest first: a screen that is anchored at its top.
    pub fn window(&self, top: Cursor, n: usize) -> Vec<Entry<'a>> {
        self.forward(top).take(n).collect()
    }

    /// The last `n` lines before a place, oldest first: a screen that is anchored at its bottom;
    /// with [`Cursor::END`] it follows.
    pub fn window_before(&self, bottom: Cursor, n: usize) -> Vec<Entry<'a>> {
        let mut lines: Vec<_> = self.backward(bottom).take(n).collect();
        lines.reverse();
        lines
    }

    /// The place `n` lines on from a place, back where negative; the first or the last line's
    /// where the view ends before, and the same place where the view has no line that way.
    pub fn step(&self, from: Cursor, n: i64) -> Cursor {
        let count = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
        let there = if n < 0 {
            self.backward(from).take(count).last()
        } else {
            self.forward(from).take(count.saturating_add(1)).last()
        };
        there.map_or(from, |entry| entry.cursor)
    }

    /// The first line's place.
    pub fn first(&self) -> Option<Cursor> {
        self.forward(Cursor::START).next().map(|entry| entry.cursor)
    }

    /// The last line's place.
    pub fn last(&self) -> Option<Cursor> {
        self.backward(Cursor::END).next().map(|entry| entry.cursor)
    }

    /// How many lines stand before a place, and how many there are: exact, by a look at each
    /// segment and not at each line.
    pub fn position(&self, at: Cursor) -> Position {
        let mut position = Position::default();
        for log in &self.logs {
            let (segment, line) = log.seek(&at);
            for (i, held) in log.segments.iter().enumerate() {
                let slots = Slots::of(held, self.hits);
                position.total += slots.len();
                match i.cmp(&segment) {
                    std::cmp::Ordering::Less => position.before += slots.len(),
                    std::cmp::Ordering::Equal => position.before += slots.first_from(line),
                    std::cmp::Ordering::Greater => {}
                }
            }
        }
        position
    }

    /// The place with about `before` lines before it: what a scroll bar that is dragged needs.
    /// Found by halving the time, so lines of the same instant count as one.
    pub fn at_position(&self, before: usize) -> Cursor {
        let (Some(first), Some(last)) = (self.first(), self.last()) else { return Cursor::START };
        let (mut low, mut high) = (first.at.as_millis(), last.at.as_millis().saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let at = Cursor::at_time(Timestamp::from_millis(middle));
            if self.position(at).before < before { low = middle + 1 } else { high = middle }
        }
        let near = Cursor::at_time(Timestamp::from_millis(low));
        let over = self.position(near).before.saturating_sub(before);
        self.step(near, -i64::try_from(over).unwrap_or(i64::MAX))
    }

    /// The first record of that level or worse from behind a line on.
    pub fn next_at_least(&self, level: Level, after: Cursor) -> Option<Cursor> {
        let from = after.next();
        let found = self.logs.iter().filter_map(|log| {
            let (start, line) = log.seek(&from);
            log.segments.iter().enumerate().skip(start).find_map(|(i, segment)| {
                let slots = Slots::of(segment, self.hits);
                let first = if i == start { slots.first_from(line) } else { 0 };
                has_level(segment, level).then_some(())?;
                let mut lines = (first..slots.len()).map(|slot| slots.line(slot));
                lines.find(|line| is_record(segment, *line, level)).map(|line| segment.cursor(line))
            })
        });
        found.min()
    }

    /// The last record of that level or worse before a line.
    pub fn previous_at_least(&self, level: Level, before: Cursor) -> Option<Cursor> {
        let found = self.logs.iter().filter_map(|log| {
            let (end, line) = log.seek(&before);
            let held = log.segments.iter().enumerate().take(end.saturating_add(1));
            held.rev().find_map(|(i, segment)| {
                let slots = Slots::of(segment, self.hits);
                let last = if i == end { slots.first_from(line) } else { slots.len() };
                has_level(segment, level).then_some(())?;
                let mut lines = (0..last).rev().map(|slot| slots.line(slot));
                lines.find(|line| is_record(segment, *line, level)).map(|line| segment.cursor(line))
            })
        });
        found.max()
    }
}

fn has_level(segment: &super::segment::Segment, level: Level) -> bool {
    segment.counts().iter().skip(level as usize).any(|count| *count > 0)
}

fn is_record(segment: &super::segment::Segment, line: usize, level: Level) -> bool {
    segment.levels().get(line).is_some_and(|l| *l >= level) && segment.is_record(line)
}

/// A place within one source; behind its end or before its start there is no line.
#[derive(Debug)]
struct Walk<'a> {
    log: &'a SourceLog,
    hits: Option<&'a Hits>,
    segment: usize,
    slots: Slots<'a>,
    slot: usize,
    /// Before the first line: neither segment nor slot can say so.
    before: bool,
}

impl<'a> Walk<'a> {
    fn seek(log: &'a SourceLog, hits: Option<&'a Hits>, from: &Cursor) -> Self {
        let (segment, line) = log.seek(from);
        let mut walk = Self { log, hits, segment, slots: Slots::All(0), slot: 0, before: false };
        walk.enter();
        walk.slot = walk.slots.first_from(line);
        walk.skip_empty();
        walk
    }

    fn at(&self) -> Option<Entry<'a>> {
        let segment = self.log.segments.get(self.segment)?;
        if self.before || self.slot >= self.slots.len() {
            return None;
        }
        let line = self.slots.line(self.slot);
        Some(Entry { cursor: segment.cursor(line), line: segment.line(line) })
    }

    fn forth(&mut self) {
        self.slot += 1;
        self.skip_empty();
    }

    fn back(&mut self) {
        while self.slot == 0 {
            let Some(segment) = self.segment.checked_sub(1) else {
                self.before = true;
                return;
            };
            self.segment = segment;
            self.enter();
            self.slot = self.slots.len();
        }
        self.slot -= 1;
    }

    fn enter(&mut self) {
        self.slots = self
            .log
            .segments
            .get(self.segment)
            .map_or(Slots::All(0), |segment| Slots::of(segment, self.hits));
    }

    fn skip_empty(&mut self) {
        while self.slot >= self.slots.len() && self.segment < self.log.segments.len() {
            self.segment += 1;
            self.slot = 0;
            self.enter();
        }
    }
}
