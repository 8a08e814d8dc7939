//! The height of a chart: from where to where, and which values are written beside it.

use crate::domain::metric::MetricUnit;

/// What the lowest and the highest dot stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f32,
    high: f32,
    unit: MetricUnit,
}

impl Scale {
    /// From nothing to a whole: shares that are meant to be compared with it.
    pub const WHOLE: Self = Self { low: 0.0, high: 100.0, unit: MetricUnit::Percent };

    /// Fitted to values: zero is always on it, and it ends at a round number, so that it changes
    /// rarely while values come.
    pub fn fit(least: f32, greatest: f32, unit: MetricUnit) -> Self {
        let finite = |value: f32| if value.is_finite() { value } else { 0.0 };
        let (least, greatest) = (finite(least).min(0.0), finite(greatest).max(0.0));
        let step = step((greatest - least) / 4.0, unit);
        let (low, high) = ((least / step).floor() * step, (greatest / step).ceil() * step);
        Self { low, high: if high > low { high } else { low + step }, unit }
    }

    /// How far below the top a value stands, in dots of so many.
    pub fn dot(self, value: f32, dots: u16) -> u16 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        let last = f32::from(dots.saturating_sub(1));
        (last - share * last).round() as u16
    }

    /// The row of a value in so many rows; `None` where it is off the chart.
    pub fn row(self, value: f32, rows: u16) -> Option<u16> {
        (self.low..=self.high).contains(&value).then(|| self.dot(value, rows * 4) / 4)
    }

    /// The values to write beside so many rows, each on a row of its own with one free between.
    pub fn ticks(self, rows: u16) -> Vec<f32> {
        let most = f32::from((rows / 2).clamp(1, 6));
        let step = step((self.high - self.low) / most, self.unit);
        let first = (self.low / step).ceil() as i32;
        let mut ticks: Vec<f32> = (first..first + 8)
            .map(|n| n as f32 * step)
            .take_while(|value| *value <= self.high * 1.0001)
            .collect();
        // The top is what the eye looks for; it is written even where the step passes it by.
        if ticks.last().is_none_or(|last| *last < self.high * 0.999) {
            ticks.retain(|value| self.high - value > step * 0.6);
            ticks.push(self.high);
        }
        ticks
    }
}

/// The round number that is not less than this: 1, 2, 2.5 or 5 times a power of ten; for bytes
/// times a power of 1024, since that is how they are written.
fn step(least: f32, unit: MetricUnit) -> f32 {
    let floor = match unit {
        MetricUnit::Bytes | MetricUnit::BytesPerSecond => 1.0,
        MetricUnit::Percent => 0.25,
        MetricUnit::Millis | MetricUnit::PerSecond | MetricUnit::Number => 0.01,
    };
    let least = least.max(floor);
    let mut base = 1.0_f32;
    if matches!(unit, MetricUnit::Bytes | MetricUnit::BytesPerSecond) {
        while base * 500.0 < least && base < 1.0e15 {
            base *= 1024.0;
        }
    }
    let mut decade = 10.0_f32.powf((least / base).log10().floor()) * base;
    loop {
        for factor in [1.0, 2.0, 2.5, 5.0] {
            if decade * factor >= least * 0.9999 {
                return decade * factor;
            }
        }
        decade *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_and_leave_room() {
        assert_eq!(Scale::WHOLE.ticks(3), [0.0, 100.0]);
        assert_eq!(Scale::WHOLE.ticks(5), [0.0, 50.0, 100.0]);
        assert_eq!(Scale::WHOLE.ticks(12), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        let rate = Scale::fit(0.0, 3_300_000.0, MetricUnit::BytesPerSecond);
        let texts: Vec<_> = rate.ticks(9).into_iter().map(|it| rate.unit.text(it)).collect();
        assert_eq!(texts, ["0B/s", "1.0M/s", "2.0M/s", "3.0M/s", "4.0M/s"]);
    }

    #[test]
    fn a_series_of_zeros_has_a_height() {
        let scale = Scale::fit(0.0, 0.0, MetricUnit::Bytes);
        assert_eq!((scale.dot(0.0, 16), scale.ticks(4)), (15, vec![0.0, 1.0]));
    }

    proptest! {
        #[test]
        fn every_value_is_on_it(a in -1.0e9f32..1.0e12, b in -1.0e9f32..1.0e12, rows in 1u16..40) {
            for unit in [MetricUnit::Percent, MetricUnit::Bytes, MetricUnit::Number] {
                let scale = Scale::fit(a.min(b), a.max(b), unit);
                prop_assert!(scale.row(a, rows).is_some() && scale.row(b, rows).is_some());
                let ticks = scale.ticks(rows);
                prop_assert!((1..=8).contains(&ticks.len()), "{ticks:?}");
            }
        }
    }
}
