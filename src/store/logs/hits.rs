//! Which lines a search found, kept segment by segment, so that it grows with the lines.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::{Deserialize, Serialize};

use super::segment::{Segment, SegmentKey};

/// The lines of one segment that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentHits {
    /// The segment.
    pub segment: SegmentKey,
    /// The line from which it was searched this time; what was found before that stays.
    pub from: u16,
    /// How many of its lines were searched, from the first.
    pub searched: u16,
    /// The lines that were found, by index, ascending.
    pub lines: Vec<u16>,
}

/// What a search found so far.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    by_segment: HashMap<SegmentKey, SegmentHits>,
}

impl Hits {
    /// Takes what was found in one segment. What overtook another search, and so does not follow
    /// on what is known, is left out: those lines stay unsearched.
    pub fn take(&mut self, found: SegmentHits) {
        let known = self.searched(found.segment);
        if known > usize::from(found.searched) || known < usize::from(found.from) {
            return;
        }
        match self.by_segment.entry(found.segment) {
            Entry::Vacant(free) => {
                free.insert(found);
            }
            Entry::Occupied(mut held) => {
                let held = held.get_mut();
                held.lines.truncate(held.lines.partition_point(|line| *line < found.from));
                held.lines.extend(found.lines);
                held.searched = found.searched;
            }
        }
    }

    /// How many lines of a segment were searched.
    pub fn searched(&self, segment: SegmentKey) -> usize {
        self.by_segment.get(&segment).map_or(0, |hits| hits.searched.into())
    }

    /// The lines found in a segment.
    pub fn lines(&self, segment: SegmentKey) -> &[u16] {
        self.by_segment.get(&segment).map_or(&[], |hits| hits.lines.as_slice())
    }

    /// Lines found in all segments, those that were since dropped included.
    pub fn count(&self) -> usize {
        self.by_segment.values().map(|hits| hits.lines.len()).sum()
    }

    /// Forgets what was found in segments that are no longer held.
    pub fn keep(&mut self, held: impl Fn(SegmentKey) -> bool) {
        self.by_segment.retain(|key, _| held(*key));
    }
}

/// The lines of a segment that are in a view: all of them, or those that were found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slots<'a> {
    All(usize),
    Found(&'a [u16]),
}

impl<'a> Slots<'a> {
    pub fn of(segment: &Segment, hits: Option<&'a Hits>) -> Self {
        match hits {
            None => Self::All(segment.len()),
            Some(hits) => Self::Found(hits.lines(segment.key())),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::All(len) => *len,
            Self::Found(lines) => lines.len(),
        }
    }

    /// The line at a slot below [`len`](Self::len).
    pub fn line(&self, slot: usize) -> usize {
        match self {
            Self::All(_) => slot,
            Self::Found(lines) => lines.get(slot).copied().unwrap_or(u16::MAX).into(),
        }
    }

    /// The first slot whose line is not before `line`.
    pub fn first_from(&self, line: usize) -> usize {
        match self {
            Self::All(len) => line.min(*len),
            Self::Found(lines) => lines.partition_point(|l| usize::from(*l) < line),
        }
    }
}
