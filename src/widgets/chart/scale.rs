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
        // Of zeros alone the top says nothing, so it is a round one and no hundredth.
        let step = if greatest > least { step((greatest - least) / 4.0, unit) } else { 1.0 };
        let (low, high) = ((least / step).floor() * step, (greatest / step).ceil() * step);
        Self { low, high: if high > low { high } else { low + step }, unit }
    }

    /// How far below the top of so many rows a value stands, in dots, four to a row. A value that is
    /// written beside a row lies in the middle of it.
    pub fn dot(self, value: f32, rows: u16) -> u16 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        if rows < 2 {
            return (3.0 - share * 3.0).round() as u16;
        }
        let (used, _) = self.grid(rows);
        let below = (1.0 - share) * f32::from(used - 1) * 4.0;
        (rows - used) * 4 + (below + 1.5).round() as u16
    }

    /// The row of a value in so many rows; `None` where it is off the chart.
    pub fn row(self, value: f32, rows: u16) -> Option<u16> {
        (self.low..=self.high).contains(&value).then(|| self.dot(value, rows) / 4)
    }

    /// The values to write beside so many rows, from the lowest up, each with its row: they are as far
    /// from each other as their rows are.
    pub fn ticks(self, rows: u16) -> Vec<(f32, u16)> {
        if rows < 2 {
            return vec![(self.high, 0)];
        }
        let (used, parts) = self.grid(rows);
        let (range, apart) = (self.high - self.low, (used - 1) / parts);
        (0..=parts)
            .map(|n| (self.low + range * f32::from(n) / f32::from(parts), rows - 1 - n * apart))
            .collect()
    }

    /// How many of so many rows the chart takes, from the lowest up, and into how many equal parts with
    /// round ends it falls there. A row or two at the top stay empty where the parts would not have the
    /// same number of rows otherwise.
    fn grid(self, rows: u16) -> (u16, u16) {
        let round = |parts: u16| {
            let part = (self.high - self.low) / f32::from(parts);
            let whole = (self.low / part).round() * part;
            step(part, self.unit) <= part * 1.001 && (whole - self.low).abs() <= part * 0.001
        };
        // With a free row between two values, where there is room for it.
        let apart = if rows < 4 { 1 } else { 2 };
        let grids = (1..=MOST_PARTS).filter(|parts| *parts == 1 || round(*parts)).filter_map(|parts| {
            let each = (rows - 1) / parts;
            (each >= apart || parts == 1).then(|| (each * parts + 1, parts))
        });
        // One more written value is worth an empty row.
        let worth = |(used, parts): &(u16, u16)| (i32::from(*parts) - i32::from(rows - used), *parts);
        grids.max_by_key(worth).unwrap_or((rows, 1))
    }
}

/// The most parts into which written values divide a chart.
const MOST_PARTS: u16 = 6;

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

    /// Each value with its row.
    fn written(scale: Scale, rows: u16) -> String {
        let one = |(value, row): (f32, u16)| format!("{row}:{}", scale.unit.text(value).trim());
        scale.ticks(rows).into_iter().rev().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_evenly_spaced_and_leave_room() {
        assert_eq!(written(Scale::WHOLE, 1), "0:100%");
        assert_eq!(written(Scale::WHOLE, 3), "0:100% 1:50% 2:0%");
        assert_eq!(written(Scale::WHOLE, 4), "0:100% 3:0%");
        assert_eq!(written(Scale::WHOLE, 5), "0:100% 2:50% 4:0%");
        assert_eq!(written(Scale::WHOLE, 8), "1:100% 4:50% 7:0%");
        assert_eq!(written(Scale::WHOLE, 12), "1:100% 3:80% 5:60% 7:40% 9:20% 11:0%");
        let rate = Scale::fit(0.0, 3_300_000.0, MetricUnit::BytesPerSecond);
        assert_eq!(written(rate, 9), "0:4.0M/s 2:3.0M/s 4:2.0M/s 6:1.0M/s 8:0B/s");
    }

    #[test]
    fn a_series_of_zeros_has_a_height() {
        let scale = Scale::fit(0.0, 0.0, MetricUnit::Bytes);
        assert_eq!((scale.dot(0.0, 4), scale.ticks(4)), (14, vec![(0.0, 3), (1.0, 0)]));
        assert_eq!(Scale::fit(0.0, 0.0, MetricUnit::Millis).ticks(2), [(0.0, 1), (1.0, 0)]);
    }

    proptest! {
        #[test]
        fn every_value_is_on_it(a in -1.0e9f32..1.0e12, b in -1.0e9f32..1.0e12, rows in 1u16..40) {
            for unit in [MetricUnit::Percent, MetricUnit::Bytes, MetricUnit::Number] {
                let scale = Scale::fit(a.min(b), a.max(b), unit);
                prop_assert!(scale.row(a, rows).is_some_and(|row| row < rows));
                prop_assert!(scale.row(b, rows).is_some_and(|row| row < rows));
                prop_assert!((1..=7).contains(&scale.ticks(rows).len()), "{:?}", scale.ticks(rows));
            }
        }

        /// What is written beside a row is what a line in the middle of that row says.
        #[test]
        fn a_written_value_stands_on_its_row(a in 0.0f32..1.0e12, rows in 2u16..40) {
            for scale in [Scale::WHOLE, Scale::fit(0.0, a, MetricUnit::Bytes), Scale::fit(-a, a, MetricUnit::Number)] {
                let ticks = scale.ticks(rows);
                for (value, row) in &ticks {
                    let value = value.clamp(scale.low, scale.high);
                    prop_assert_eq!(scale.row(value, rows), Some(*row), "{} of {:?}", value, ticks);
                }
                let apart: Vec<u16> = ticks.windows(2).map(|pair| pair[0].1 - pair[1].1).collect();
                prop_assert!(apart.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", ticks);
            }
        }
    }
}
