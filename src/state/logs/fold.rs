//! Records of several lines, shown whole or by their first line.

use std::collections::BTreeSet;

use crate::store::logs::{Cursor, Flags, LineSeq, LogStore, SourceId};

/// The most lines that are walked from one to the first or last of its record; a record that is
/// longer is treated as several.
const LONGEST: u64 = 1000;

/// Which records show all their lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folds {
    /// Whether records are shown whole unless they are in `flipped`.
    pub whole: bool,
    /// The first lines of the records that are the other way.
    flipped: BTreeSet<Cursor>,
}

impl Folds {
    /// Whether the record with this first line shows all its lines.
    pub fn is_whole(&self, head: Cursor) -> bool {
        self.whole != self.flipped.contains(&head)
    }

    /// Whether a line that goes on with a record is shown.
    pub fn shows(&self, store: &LogStore, line: Cursor) -> bool {
        // Lines of a record stand at its time: without a flipped record there, no need to look for
        // the first line.
        let near = self.flipped.range(..line).next_back();
        if !near.is_some_and(|head| head.at == line.at && head.source == line.source) {
            return self.whole;
        }
        self.is_whole(head(store, line))
    }

    /// Turns one record around.
    pub fn flip(&mut self, head: Cursor) {
        if !self.flipped.remove(&head) {
            self.flipped.insert(head);
        }
    }

    /// Turns all around.
    pub fn flip_all(&mut self) {
        self.whole = !self.whole;
        self.flipped.clear();
    }
}

/// The first line of the record that a line belongs to; where that was dropped, the first that is
/// still held.
pub fn head(store: &LogStore, line: Cursor) -> Cursor {
    let mut at = line;
    for _ in 0..LONGEST {
        if !continues(store, at.source, at.seq) {
            break;
        }
        let before = at.seq.0.checked_sub(1).and_then(|seq| store.cursor(at.source, LineSeq(seq)));
        match before {
            Some(before) => at = before,
            None => break,
        }
    }
    at
}

/// How many lines go on with the record of a first line.
pub fn tail_len(store: &LogStore, head: Cursor) -> u64 {
    (1..LONGEST).take_while(|n| continues(store, head.source, LineSeq(head.seq.0 + n))).count() as u64
}

/// The last line of the record of a first line.
pub fn last(store: &LogStore, head: Cursor) -> Cursor {
    let seq = LineSeq(head.seq.0 + tail_len(store, head));
    store.cursor(head.source, seq).unwrap_or(head)
}

/// The texts of a whole record, first line first.
pub fn record(store: &LogStore, head: Cursor) -> Vec<&str> {
    let rest = tail_len(store, head);
    (0..=rest)
        .filter_map(|n| store.line(head.source, LineSeq(head.seq.0 + n)))
        .map(|line| line.text)
        .collect()
}

fn continues(store: &LogStore, source: SourceId, seq: LineSeq) -> bool {
    store.line(source, seq).is_some_and(|line| line.flags.has(Flags::CONTINUATION))
}
