//! What lines are wanted, and that made ready to run.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::condition::{CompiledCond, FieldCond};
use super::pattern::{Compiled, Pattern, PatternError};
use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// What lines are wanted. All of it must hold, so that each further word narrows; a record of
/// several lines is wanted as a whole when any of its lines holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Query {
    /// Each must be found.
    pub include: Vec<Pattern>,
    /// None may be found.
    pub exclude: Vec<Pattern>,
    /// This level or worse; lines that tell none pass.
    pub level: Option<Level>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Conditions on fields of structured lines.
    pub fields: Vec<FieldCond>,
    /// Conditions of which none may hold; lines without the field pass.
    #[serde(default)]
    pub exclude_fields: Vec<FieldCond>,
    /// Whether gaps are left out. Else they are always wanted: what is missing might have been.
    #[serde(default)]
    pub without_gaps: bool,
}

impl Query {
    /// Whether every line is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Makes it ready to run, once for all lines.
    pub fn compile(&self) -> Result<Matcher, PatternError> {
        let compile = |all: &[Pattern]| all.iter().map(Pattern::compile).collect::<Result<Vec<_>, _>>();
        Ok(Matcher {
            include: compile(&self.include)?,
            exclude: compile(&self.exclude)?,
            level: self.level.filter(|level| *level > Level::Unknown),
            since: self.since,
            until: self.until,
            fields: self.fields.iter().map(FieldCond::compile).collect::<Result<_, _>>()?,
            exclude_fields: self.exclude_fields.iter().map(FieldCond::compile).collect::<Result<_, _>>()?,
            without_gaps: self.without_gaps,
        })
    }
}

/// A query that is ready to run. Clones share nothing that threads would wait for.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub(super) include: Vec<Compiled>,
    pub(super) exclude: Vec<Compiled>,
    pub(super) level: Option<Level>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) fields: Vec<CompiledCond>,
    pub(super) exclude_fields: Vec<CompiledCond>,
    pub(super) without_gaps: bool,
}

impl Matcher {
    /// Where a line shows what was looked for, at most `max` places, in their order and apart.
    pub fn spans(&self, line: &str, max: usize) -> Vec<Range<usize>> {
        let mut spans: Vec<_> = self.include.iter().flat_map(|pattern| pattern.spans(line, max)).collect();
        spans.sort_by_key(|span| (span.start, span.end));
        spans.dedup_by(|next, before| {
            let touch = next.start <= before.end;
            if touch {
                before.end = before.end.max(next.end);
            }
            touch
        });
        spans.truncate(max);
        spans
    }

    /// Whether one line that is a record by itself is wanted: the slow and plain way, for lines
    /// that are not in a segment, and to hold the fast one against.
    pub fn wants(&self, text: &str, level: Level, order: Timestamp) -> bool {
        self.since.is_none_or(|since| order >= since)
            && self.until.is_none_or(|until| order < until)
            && self.level.is_none_or(|least| level >= least || level == Level::Unknown)
            && self.include.iter().all(|pattern| pattern.is_match(text))
            && self.fields.iter().all(|cond| cond.passes(text))
            && !self.exclude_fields.iter().any(|cond| cond.passes(text))
            && !self.exclude.iter().any(|pattern| pattern.is_match(text))
    }
}
