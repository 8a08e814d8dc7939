//! One series: slots of two seconds over a quarter of an hour, and minutes over a day.

use std::collections::BTreeMap;
use std::time::Duration;

use super::track::Track;
use crate::domain::reading::STALE_AFTER_INTERVALS;
use crate::domain::time::Timestamp;

/// A slot in detail, in milliseconds.
const FINE: i64 = 2_000;
const FINE_LENGTH: usize = 25;
const FINE_BLOCKS: usize = 18;
/// A slot of the day, in milliseconds.
const COARSE: i64 = 60_000;
const COARSE_LENGTH: usize = 30;
const COARSE_BLOCKS: usize = 48;
/// Up to this span, in milliseconds, a range is answered in detail where there is detail.
const FINE_SPAN: i64 = 30 * 60_000;

/// What a series was within one part of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The least.
    pub min: f32,
    /// The mean.
    pub avg: f32,
    /// The most.
    pub max: f32,
}

/// The minute that is not over yet.
#[derive(Clone, Copy, Debug)]
struct Minute {
    number: i64,
    min: f32,
    max: f32,
    sum: f64,
    count: u32,
}

impl Minute {
    fn bucket(&self) -> Bucket {
        Bucket { min: self.min, avg: (self.sum / f64::from(self.count.max(1))) as f32, max: self.max }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Series {
    fine: Track<1>,
    coarse: Track<3>,
    minute: Option<Minute>,
    /// The slot of the first value: before it there is no detail, and so no gap in it.
    first: Option<i64>,
    last: Option<(f32, Timestamp)>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            fine: Track::new(FINE_LENGTH, FINE_BLOCKS),
            coarse: Track::new(COARSE_LENGTH, COARSE_BLOCKS),
            minute: None,
            first: None,
            last: None,
        }
    }
}

impl Series {
    /// Takes a value that is read every `interval`: it holds for the time since the one before it,
    /// unless that is so long ago that values are missing between them.
    pub fn record(&mut self, value: f32, at: Timestamp, interval: Duration) {
        if !value.is_finite() {
            return;
        }
        let slot = at.as_millis().div_euclid(FINE);
        self.first.get_or_insert(slot);
        let near = |before: &Timestamp| at > *before && at.since(*before) <= interval * STALE_AFTER_INTERVALS;
        let before = self.last.map(|(_, before)| before).filter(near);
        let first = before.map_or(slot, |before| before.as_millis().div_euclid(FINE) + 1);
        for slot in first.min(slot)..=slot {
            self.fine.put(slot, [value]);
        }
        self.count(
            value,
            at.as_millis().div_euclid(COARSE),
            before.map(|b| b.as_millis().div_euclid(COARSE)),
        );
        self.last = Some((value, at));
    }

    /// The last value, and when it was read.
    pub fn last(&self) -> Option<(f32, Timestamp)> {
        self.last
    }

    /// Takes minutes that were read elsewhere, by their number; what was read here stays. In the
    /// detail they fill the minutes in which nothing was read since the first value.
    pub fn import(&mut self, mut minutes: BTreeMap<i64, f32>) {
        if let Some(open) = &self.minute {
            minutes.retain(|minute, _| *minute < open.number);
        }
        let held: BTreeMap<i64, [f32; 3]> =
            self.coarse.slots().filter_map(|slot| Some((slot, self.coarse.get(slot)?))).collect();
        minutes.retain(|minute, value| value.is_finite() && !held.contains_key(minute));
        if minutes.is_empty() {
            return;
        }
        let slots = self.fine.slots();
        let mut fine: BTreeMap<i64, f32> = minutes
            .iter()
            .flat_map(|(minute, value)| {
                (minute * (COARSE / FINE)..(minute + 1) * (COARSE / FINE)).map(|slot| (slot, *value))
            })
            .filter(|(slot, _)| slots.contains(slot) && self.first.is_some_and(|first| *slot > first))
            .collect();
        if !fine.is_empty() {
            fine.extend(slots.filter_map(|slot| self.fine.get(slot).map(|[value]| (slot, value))));
            self.fine = Track::new(FINE_LENGTH, FINE_BLOCKS);
            for (slot, value) in fine {
                self.fine.put(slot, [value]);
            }
        }
        let mut coarse: BTreeMap<i64, [f32; 3]> =
            minutes.into_iter().map(|(minute, value)| (minute, [value; 3])).collect();
        coarse.extend(held);
        self.coarse = Track::new(COARSE_LENGTH, COARSE_BLOCKS);
        for (minute, values) in coarse {
            self.coarse.put(minute, values);
        }
    }

    /// The range in `buckets` equal parts; `None` for a part in which nothing was read.
    pub fn points(&self, from: Timestamp, to: Timestamp, buckets: usize) -> Vec<Option<Bucket>> {
        let (from, to) = (from.as_millis(), to.as_millis());
        let span = to.saturating_sub(from);
        let border = |i: usize| from + (i128::from(span) * i as i128 / buckets.max(1) as i128) as i64;
        let detailed = self.first.map_or(i64::MAX, |first| first.max(self.fine.slots().start));
        (0..buckets)
            .map(|i| {
                let (start, end) = (border(i), border(i + 1).max(border(i) + 1));
                if span <= FINE_SPAN && start.div_euclid(FINE) >= detailed {
                    self.fine_bucket(start, end)
                } else {
                    self.coarse_bucket(start, end)
                }
            })
            .collect()
    }

    pub fn heap(&self) -> usize {
        self.fine.heap() + self.coarse.heap()
    }

    fn count(&mut self, value: f32, minute: i64, before: Option<i64>) {
        match &mut self.minute {
            Some(open) if open.number == minute => {
                open.min = open.min.min(value);
                open.max = open.max.max(value);
                open.sum += f64::from(value);
                open.count += 1;
            }
            open => {
                if let Some(done) = open {
                    let Bucket { min, avg, max } = done.bucket();
                    self.coarse.put(done.number, [min, avg, max]);
                }
                // A value that is read more rarely than once a minute holds for the minutes since.
                for minute in before.map_or(minute, |before| before + 1).min(minute)..minute {
                    self.coarse.put(minute, [value; 3]);
                }
                *open =
                    Some(Minute { number: minute, min: value, max: value, sum: f64::from(value), count: 1 });
            }
        }
    }

    fn fine_bucket(&self, start: i64, end: i64) -> Option<Bucket> {
        let slots = start.div_euclid(FINE)..=(end - 1).div_euclid(FINE);
        join(slots.filter_map(|slot| self.fine.get(slot)).map(|[v]| Bucket { min: v, avg: v, max: v }))
    }

    fn coarse_bucket(&self, start: i64, end: i64) -> Option<Bucket> {
        let minutes = start.div_euclid(COARSE)..=(end - 1).div_euclid(COARSE);
        let open = self.minute.as_ref().filter(|open| minutes.contains(&open.number)).map(Minute::bucket);
        let kept = minutes.filter_map(|minute| self.coarse.get(minute));
        join(kept.map(|[min, avg, max]| Bucket { min, avg, max }).chain(open))
    }
}

fn join(buckets: impl Iterator<Item = Bucket>) -> Option<Bucket> {
    let mut count = 0.0_f32;
    let sum = buckets.inspect(|_| count += 1.0).reduce(|a, b| Bucket {
        min: a.min.min(b.min),
        avg: a.avg + b.avg,
        max: a.max.max(b.max),
    })?;
    Some(Bucket { avg: sum.avg / count, ..sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Duration = Duration::from_secs(2);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn drawn(series: &Series, from: i64, to: i64, buckets: usize) -> Vec<Option<f32>> {
        series.points(at(from), at(to), buckets).into_iter().map(|b| b.map(|b| b.max)).collect()
    }

    #[test]
    fn a_value_holds_until_the_next_but_not_over_missing_ones() {
        let mut series = Series::default();
        for (secs, value) in [(0, 1.0), (2, 2.0), (8, 3.0), (20, 4.0)] {
            series.record(value, at(secs), TWO);
        }
        let one = |v: f32| Some(v);
        assert_eq!(
            drawn(&series, 0, 22, 11),
            [one(1.0), one(2.0), one(3.0), one(3.0), one(3.0), None, None, None, None, None, one(4.0)]
        );
    }

    #[test]
    fn a_day_is_kept_by_the_minute_with_its_peaks() {
        let mut series = Series::default();
        for secs in (0..86_400).step_by(2) {
            let peak = if secs == 600 { 100.0 } else { 10.0 };
            series.record(peak, at(secs), TWO);
        }
        let hours = series.points(at(0), at(86_400), 24);
        assert!(hours.iter().all(Option::is_some));
        let first = hours[0].unwrap();
        assert!((first.max - 100.0).abs() < 0.5 && (first.min - 10.0).abs() < 0.5 && first.avg < 12.0);
        assert!((hours[1].unwrap().max - 10.0).abs() < 0.5);
        assert!(drawn(&series, -7200, -3600, 4).iter().all(Option::is_none));
    }

    #[test]
    fn imported_minutes_lie_before_what_is_live() {
        let mut series = Series::default();
        series.record(5.0, at(3600), TWO);
        series.import((0..=60).map(|minute| (minute, 1.0)).collect());
        let minutes = drawn(&series, 3480, 3660, 3);
        assert_eq!(minutes, [Some(1.0), Some(1.0), Some(5.0)]);
    }

    #[test]
    fn imported_minutes_fill_a_gap_and_nothing_else() {
        let mut series = Series::default();
        for secs in (3600..3720).chain(3900..4000).step_by(2) {
            series.record(5.0, at(secs), TWO);
        }
        series.import((0..=70).map(|minute| (minute, 1.0)).collect());
        let (live, old) = (Some(5.0), Some(1.0));
        let expected = [old, live, live, old, old, old, live];
        // In detail and by the minute.
        assert_eq!(drawn(&series, 3540, 3960, 7), expected);
        assert_eq!(drawn(&series, 3540 - 3600, 3960, 67)[60..], expected);
        let before = drawn(&series, 0, 3960, 66);
        series.import((0..=70).map(|minute| (minute, 2.0)).collect());
        assert_eq!(drawn(&series, 0, 3960, 66), before);
        series.record(6.0, at(4002), TWO);
        assert_eq!(drawn(&series, 3998, 4004, 3), [live, Some(6.0), Some(6.0)]);
    }
}
