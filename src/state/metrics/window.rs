//! Which time each cell of a chart stands for.

use std::time::Duration;

use super::MetricsPage;
use crate::domain::time::Timestamp;
use crate::widgets::chart::BINS;

/// A span of time in equal parts, [`BINS`] for each cell. Its parts begin at multiples of their
/// length: while time goes on they move to the left whole, and a value never changes its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
    /// How many cells there are, at least one.
    pub cells: u16,
    part: i64,
}

impl Window {
    /// What a page shows in so many cells.
    pub fn of(page: &MetricsPage, now: Timestamp, cells: u16) -> Self {
        let cells = cells.max(1);
        let bins = i64::from(cells * BINS);
        let span = i64::try_from(page.span.length().as_millis()).unwrap_or(i64::MAX);
        let part = (span / bins).max(1);
        let end = page.end.unwrap_or(now).as_millis();
        let to = (end.div_euclid(part) + 1).saturating_mul(part);
        let from = Timestamp::from_millis(to.saturating_sub(bins * part));
        Self { from, to: Timestamp::from_millis(to), cells, part }
    }

    /// How many parts there are.
    pub fn bins(self) -> usize {
        usize::from(self.cells * BINS)
    }

    /// How long one part is.
    pub fn part(self) -> Duration {
        Duration::from_millis(self.part.unsigned_abs())
    }

    /// How long one cell is.
    pub fn cell(self) -> Duration {
        self.part() * u32::from(BINS)
    }

    /// The part that a time is in.
    pub fn bin(self, at: Timestamp) -> Option<usize> {
        let before = at.as_millis().checked_sub(self.from.as_millis())?;
        usize::try_from(before.div_euclid(self.part)).ok().filter(|bin| *bin < self.bins())
    }

    /// The cell that a time is in.
    pub fn column(self, at: Timestamp) -> Option<u16> {
        self.bin(at).map(|bin| bin as u16 / BINS)
    }

    /// The time at which a part begins.
    pub fn at(self, bin: usize) -> Timestamp {
        self.from + self.part() * u32::try_from(bin).unwrap_or(u32::MAX)
    }

    /// The middle of a cell.
    pub fn middle(self, column: u16) -> Timestamp {
        self.at(usize::from(column * BINS)) + self.part()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_its_part_while_time_goes_on() {
        let page = MetricsPage::default();
        let value = Timestamp::from_secs(1_795_200_000);
        let border = |now: i64| {
            let window = Window::of(&page, value + Duration::from_millis(now.unsigned_abs()), 70);
            window.at(window.bin(value).unwrap())
        };
        let first = border(0);
        assert!((0..600_000).step_by(700).all(|now| border(now) == first));
    }

    #[test]
    fn the_end_is_in_it_and_cells_are_found_again() {
        let now = Timestamp::from_secs(1_795_200_000);
        let window = Window::of(&MetricsPage::default(), now, 71);
        assert_eq!(window.column(now), Some(70));
        assert_eq!(window.column(window.from), Some(0));
        assert_eq!(window.column(window.to), None);
        assert!((0..71).all(|column| window.column(window.middle(column)) == Some(column)));
    }
}
