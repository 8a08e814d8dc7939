//! All checks, wherever they are seen from: worst first until another order is chosen.

use ratatui::layout::Rect;

use super::filter::Filter;
use super::list::{List, Move};
use super::order::Sorting;
use super::rows;
use crate::domain::ids::{CheckId, ServerId};
use crate::domain::time::Timestamp;
use crate::store::fleet::Fleet;

/// Rows above the list: what it is, and its column titles.
pub const HEADS: u16 = 2;
/// What a check's place is called where it is not made through a server: as in the configuration.
pub const HERE: &str = "here";

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct ChecksPage {
    /// What rows must hold.
    pub filter: Filter,
    /// What they are sorted by.
    pub order: Sorting<CheckId>,
    /// The selection.
    pub list: List<CheckId>,
    /// The checks shown, in order.
    pub rows: Vec<CheckId>,
    /// How many there are, with those that the filter leaves out.
    pub all: usize,
    body: Rect,
}

impl ChecksPage {
    /// Takes what is known now of the configured checks, and of those that were made and are not
    /// configured any more, on a screen of this size.
    pub fn settle(&mut self, fleet: &Fleet, configured: &[CheckId], body: Rect, now: Timestamp) {
        self.body = body;
        let made = fleet.checks().map(|(id, _)| id).filter(|id| !configured.contains(id));
        let mut all: Vec<&CheckId> = configured.iter().chain(made).collect();
        all.sort_unstable();
        self.all = all.len();
        let passes = |id: &CheckId| {
            let result = fleet.check(id).and_then(|reading| reading.value());
            let health = fleet.check_verdict(id, now).health.word();
            let (kind, target) = result.map_or(("", ""), |it| (it.kind.word(), it.target.as_str()));
            let from = result.map_or("", |it| it.from.as_ref().map_or(HERE, ServerId::as_str));
            self.filter.passes(&[id.as_str(), health, kind, target, from])
        };
        self.rows = all.into_iter().filter(|id| passes(id)).cloned().collect();
        rows::all_checks(&mut self.order, &mut self.rows, fleet, now);
        self.list.settle(&self.rows, self.height());
    }

    /// Moves the selection.
    pub fn step(&mut self, by: Move) {
        self.list.step(&self.rows, self.height(), by);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, row: u16) -> bool {
        let line = row.checked_sub(self.body.y + HEADS);
        line.is_some_and(|line| self.list.click(&self.rows, self.height(), usize::from(line)))
    }

    /// Sorts by the next order.
    pub fn next_sort(&mut self) {
        self.order.next(rows::ALL_CHECKS);
    }

    fn height(&self) -> usize {
        usize::from(self.body.height.saturating_sub(HEADS))
    }
}
