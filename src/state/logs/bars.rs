//! The histogram's figures, kept from one change to the next: counting a million lines is not for
//! every frame.

use std::time::Duration;

use super::layout::layout;
use super::place::Place;
use super::view::View;
use crate::domain::level::Level;
use crate::domain::time::Timestamp;
use crate::state::State;
use crate::store::logs::Bar;
use crate::widgets::histogram::{Bars, bars_area};

/// What was counted, and from what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The time of the first bar's start.
    pub from: Timestamp,
    /// The time of the last bar's end.
    pub to: Timestamp,
    /// The bars.
    pub bars: Vec<Bars>,
    /// Of what state of things it was counted; `None` where the next frame counts anew.
    pub counted: Option<Counted>,
}

/// What the figures depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    at: Timestamp,
    revision: u64,
    passing: usize,
    cells: u16,
}

/// How long lines may come before they are counted in.
const BETWEEN: Duration = Duration::from_secs(1);

impl Histogram {
    /// The bar of a time, the nearest one where it lies outside.
    pub fn bar_of(&self, at: Timestamp) -> usize {
        let span = self.to.since(self.from).as_millis().max(1);
        let offset = at.since(self.from).as_millis();
        let bar = offset * self.bars.len() as u128 / span;
        usize::try_from(bar).unwrap_or(usize::MAX).min(self.bars.len().saturating_sub(1))
    }

    /// When a bar begins.
    pub fn start_of(&self, bar: usize) -> Timestamp {
        let span = self.to.as_millis().saturating_sub(self.from.as_millis());
        let bars = i64::try_from(self.bars.len().max(1)).unwrap_or(i64::MAX);
        let bar = i64::try_from(bar).unwrap_or(0);
        Timestamp::from_millis(self.from.as_millis().saturating_add(span.saturating_mul(bar) / bars))
    }
}

/// The lengths of time that a bar may have, in seconds; so the bars' edges stand still while lines
/// come, and move by whole bars.
const STEPS: [i64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/// Counts anew before a frame, where that is due: at once after the reader changed something, else
/// once a second, and not for what comes while the screen is stopped.
pub fn refresh(state: &mut State) {
    let area = layout(&state.logs_page, state.size).histogram;
    if area.height == 0 {
        return;
    }
    let page = &state.logs_page;
    let cells = bars_area(area).width;
    let passing = if page.filters.narrow() { page.passing.hits.count() } else { 0 };
    let now = Counted { at: state.now, revision: state.logs.revision(), passing, cells };
    if let Some(before) = page.bars.counted {
        let same = Counted { at: now.at, ..before } == now;
        let stopped = page.place != Place::Following && before.passing == passing;
        let soon = before.at.age(now.at) < BETWEEN;
        if before.cells == cells && (same || stopped || soon) {
            return;
        }
    }
    state.logs_page.bars = count(state, now);
}

fn count(state: &State, now: Counted) -> Histogram {
    let view = View::of(state);
    let merged = view.merged();
    let (Some(first), Some(last)) = (merged.first(), merged.last()) else {
        return Histogram { counted: Some(now), ..Histogram::default() };
    };
    let cells = usize::from(now.cells);
    let (from, to) = window(first.at, last.at, cells);
    let bars = merged.histogram(from, to, cells).iter().map(bars).collect();
    Histogram { from, to, bars, counted: Some(now) }
}

/// The span that ends behind the last line and holds the first, as far as bars of a round length go.
fn window(first: Timestamp, last: Timestamp, cells: usize) -> (Timestamp, Timestamp) {
    let cells = i64::try_from(cells.max(1)).unwrap_or(1);
    let fits = |step: i64| {
        let end = (last.as_millis().div_euclid(step) + 1) * step;
        end.saturating_sub(first.as_millis()) <= step * cells
    };
    let step = STEPS.map(|step| step * 1000).into_iter().find(|step| fits(*step));
    let step = step.unwrap_or(STEPS[STEPS.len() - 1] * 1000);
    let end = (last.as_millis().div_euclid(step) + 1).saturating_mul(step);
    (Timestamp::from_millis(end.saturating_sub(step * cells)), Timestamp::from_millis(end))
}

fn bars(bar: &Bar) -> Bars {
    Bars {
        all: bar.iter().sum(),
        warnings: bar[Level::Warn as usize],
        errors: bar[Level::Error as usize] + bar[Level::Fatal as usize],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_last_line_is_in_the_last_bar_and_the_first_in_the_window(
            first in 0i64..1_000_000_000,
            span in 0i64..400_000_000,
            cells in 40usize..200,
        ) {
            let (first, last) = (Timestamp::from_millis(first), Timestamp::from_millis(first + span));
            let (from, to) = window(first, last, cells);
            prop_assert!(from <= first && last < to);
            let histogram = Histogram { from, to, bars: vec![Bars::default(); cells], counted: None };
            prop_assert_eq!(histogram.bar_of(last), cells - 1);
            let bar = histogram.bar_of(first);
            prop_assert!(histogram.start_of(bar) <= first);
        }
    }
}
