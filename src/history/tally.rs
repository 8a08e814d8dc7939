//! Readings folded into one: least, mean, greatest and how many.

/// A fold of at least one reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// The least.
    pub min: f32,
    /// The sum, in double precision so that many large values do not lose small ones.
    sum: f64,
    /// The greatest.
    pub max: f32,
    /// How many, at least one.
    pub count: u32,
}

impl Tally {
    /// Of one reading.
    pub fn of(value: f32) -> Self {
        Self { min: value, sum: f64::from(value), max: value, count: 1 }
    }

    /// From its parts, as they were kept.
    pub fn from_parts(min: f32, mean: f32, max: f32, count: u32) -> Self {
        let count = count.max(1);
        Self { min, sum: f64::from(mean) * f64::from(count), max, count }
    }

    /// The mean.
    pub fn mean(&self) -> f32 {
        (self.sum / f64::from(self.count)) as f32
    }

    /// Takes another reading.
    pub fn add(&mut self, value: f32) {
        self.join(Self::of(value));
    }

    /// Takes readings of another stretch of time: every one counts.
    pub fn join(&mut self, other: Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.count = self.count.saturating_add(other.count);
    }

    /// Takes what someone else saw of the same stretch of time. The mean is that of whoever saw
    /// more, so that merging twice, or in another order, gives the same.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let rank = |it: &Self| (it.count, it.mean());
        let fuller = if rank(&other) > rank(&self) { other } else { self };
        Self { min: self.min.min(other.min), max: self.max.max(other.max), ..fuller }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(values: &[i16]) -> Tally {
        let mut values = values.iter().map(|value| f32::from(*value));
        let mut tally = Tally::of(values.next().unwrap_or(0.0));
        values.for_each(|value| tally.add(value));
        tally
    }

    proptest! {
        #[test]
        fn merging_is_idempotent_and_has_no_order(
            a in prop::collection::vec(any::<i16>(), 1..9),
            b in prop::collection::vec(any::<i16>(), 1..9),
        ) {
            let (a, b) = (tally(&a), tally(&b));
            prop_assert_eq!(a.merge(b), b.merge(a));
            prop_assert_eq!(a.merge(b).merge(b), a.merge(b));
            prop_assert_eq!(a.merge(a), a);
        }

        #[test]
        fn the_mean_lies_between_the_ends(values in prop::collection::vec(any::<i16>(), 1..50)) {
            let tally = tally(&values);
            prop_assert!(tally.min <= tally.mean() && tally.mean() <= tally.max);
        }
    }

    #[test]
    fn joining_counts_every_reading() {
        let mut tally = tally(&[1, 2]);
        tally.join(super::tests::tally(&[9]));
        assert_eq!((tally.min, tally.mean(), tally.max, tally.count), (1.0, 4.0, 9.0, 3));
    }
}
