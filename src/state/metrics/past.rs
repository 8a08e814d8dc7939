//! What the database answered, and when it has to be asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::event_mark::EventMark;
use crate::domain::failure::Failure;
use crate::domain::ids::RequestId;
use crate::domain::metric::SeriesKey;
use crate::domain::past::{Folded, Past, PastQuery};
use crate::domain::time::Timestamp;

/// Live series reach back so far, less a margin; what is older is only in the database.
const LIVE: Duration = Duration::from_secs(23 * 3600);

/// What is held of the past.
#[derive(Clone, Debug, Default)]
pub struct PastCache {
    /// What was asked, where anything was, and not answered yet.
    pub asked: Option<(RequestId, PastQuery)>,
    /// Why the last question was not answered.
    pub failure: Option<Failure>,
    held: Option<PastQuery>,
    series: BTreeMap<SeriesKey, Vec<Folded>>,
    marks: Vec<EventMark>,
}

impl PastCache {
    /// The question that has to be asked to show these series over this range; `None` where what is
    /// held, asked or live is enough. More is asked than is shown, so that a small step asks nothing.
    pub fn wanted(
        &self,
        keys: &[SeriesKey],
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Option<PastQuery> {
        let covers = |query: &PastQuery| {
            let held: BTreeSet<&SeriesKey> = query.keys.iter().collect();
            keys.iter().all(|key| held.contains(key)) && query.from <= from && query.to >= to.min(now - LIVE)
        };
        let asked = self.asked.as_ref().map(|(_, query)| query);
        if asked.is_some_and(covers) || (asked.is_none() && self.held.as_ref().is_some_and(covers)) {
            return None;
        }
        let more = to.since(from).max(Duration::from_secs(3600));
        Some(PastQuery { keys: keys.to_vec(), from: from - more, to: (to + more).min(now) })
    }

    /// Takes an answer; one to a question that is not the last is ignored.
    pub fn answer(&mut self, request: RequestId, answer: Result<Past, Failure>) -> bool {
        let Some((_, query)) = self.asked.take_if(|(asked, _)| *asked == request) else { return false };
        match answer {
            Ok(past) => {
                self.failure = None;
                self.series = past.series.into_iter().collect();
                self.marks = past.marks;
            }
            // What cannot be read now is not asked for again until something else is wanted.
            Err(failure) => self.failure = Some(failure),
        }
        self.held = Some(query);
        true
    }

    /// Asks anew at the next occasion.
    pub fn forget(&mut self) {
        self.held = None;
    }

    /// What is held of a series, in the order of time.
    pub fn series(&self, key: &SeriesKey) -> &[Folded] {
        self.series.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// What happened, oldest first.
    pub fn marks(&self) -> &[EventMark] {
        &self.marks
    }
}
