//! Where on the merged lines the screen stands.

use std::collections::BTreeMap;

use crate::store::logs::{Cursor, LineSeq, LogStore, SourceId};

/// Which lines are on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The newest ones, as they come.
    #[default]
    Following,
    /// Those from a line on, of what was there when it stopped.
    Paused {
        /// The first row.
        top: Top,
        /// What was there.
        frozen: Frozen,
    },
}

/// The first row on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Top {
    /// Its line, or where that stood.
    pub cursor: Cursor,
    /// How many of the line's rows are above the screen.
    pub skip: usize,
}

/// How far each source had come when the screen stopped: what came later, even with an earlier
/// time, is not shown before the reader asks for it, so that nothing moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frozen {
    ends: BTreeMap<SourceId, LineSeq>,
    last: Option<Cursor>,
}

impl Frozen {
    /// What is there now.
    pub fn now(store: &LogStore, sources: &[SourceId]) -> Self {
        let lasts = sources.iter().filter_map(|id| store.merged(&[*id], None).last());
        let ends = lasts.clone().map(|last| (last.source, LineSeq(last.seq.0 + 1))).collect();
        Self { ends, last: lasts.max() }
    }

    /// Whether a line was there.
    pub fn holds(&self, line: Cursor) -> bool {
        self.ends.get(&line.source).is_some_and(|end| line.seq < *end)
    }

    /// Behind the last line that was there.
    pub fn end(&self) -> Cursor {
        self.last.map_or(Cursor::START, Cursor::next)
    }

    /// How many lines came since, of these sources.
    pub fn behind(&self, store: &LogStore, sources: &[SourceId]) -> u64 {
        let of = |id: &SourceId| {
            let last = store.merged(&[*id], None).last()?;
            let end = self.ends.get(id).map_or(0, |end| end.0);
            Some((last.seq.0 + 1).saturating_sub(end))
        };
        sources.iter().filter_map(of).sum()
    }
}
