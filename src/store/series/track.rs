//! Values in slots of equal length, newest last, in blocks: the block that grows is exact, those
//! that are full are packed into a byte a value, scaled to what the block holds. A byte tells 255
//! heights apart, which is more than a chart on a terminal can.

/// What a byte says where nothing was read.
const GAP: u8 = u8::MAX;
/// The heights that a byte tells apart, less one.
const STEPS: f32 = 254.0;

/// `COLUMNS` values a slot; what was not read is a gap, and a gap is never filled.
#[derive(Clone, Debug)]
pub(super) struct Track<const COLUMNS: usize> {
    /// Slots in a block.
    length: usize,
    /// Full blocks that are kept.
    blocks: usize,
    /// The block that grows, by its number: slot divided by length.
    open: i64,
    exact: Vec<[f32; COLUMNS]>,
    /// The number of the first block that was packed; block `n` is at `(n - first) % blocks`.
    first: i64,
    scales: Vec<(f32, f32)>,
    packed: Vec<[u8; COLUMNS]>,
}

impl<const COLUMNS: usize> Track<COLUMNS> {
    pub fn new(length: usize, blocks: usize) -> Self {
        Self {
            length,
            blocks,
            open: i64::MIN,
            exact: Vec::new(),
            first: 0,
            scales: Vec::new(),
            packed: Vec::new(),
        }
    }

    /// Sets a slot. What lies before the block that grows is too late and ignored; what lies before
    /// all that is kept means that the clock was set back, and starts anew.
    pub fn put(&mut self, slot: i64, values: [f32; COLUMNS]) {
        let block = slot.div_euclid(self.len());
        if self.exact.is_empty() || block < self.open.saturating_sub(self.kept()) {
            self.restart(block);
        } else if block < self.open {
            return;
        } else if block.saturating_sub(self.open) > self.kept() {
            self.restart(block);
        }
        while self.open < block {
            self.seal();
        }
        let at = usize::try_from(slot.rem_euclid(self.len())).unwrap_or(0);
        if let Some(slot) = self.exact.get_mut(at) {
            *slot = values;
        }
    }

    /// What a slot holds; `None` where nothing was read, or it is not kept.
    pub fn get(&self, slot: i64) -> Option<[f32; COLUMNS]> {
        let block = slot.div_euclid(self.len());
        let at = usize::try_from(slot.rem_euclid(self.len())).ok()?;
        if block == self.open {
            return self.exact.get(at).copied().filter(|values| !values[0].is_nan());
        }
        if block > self.open || block < self.first.max(self.open.saturating_sub(self.kept())) {
            return None;
        }
        let place = self.place(block);
        let (low, high) = *self.scales.get(place)?;
        let bytes = self.packed.get(place * self.length + at).filter(|bytes| bytes[0] != GAP)?;
        Some(bytes.map(|byte| low + (high - low) * f32::from(byte) / STEPS))
    }

    /// The slots that are kept, from the oldest to the end of the block that grows.
    pub fn slots(&self) -> std::ops::Range<i64> {
        if self.exact.is_empty() {
            return 0..0;
        }
        let oldest = self.first.max(self.open.saturating_sub(self.kept()));
        oldest * self.len()..(self.open + 1) * self.len()
    }

    /// The bytes of memory behind it.
    pub fn heap(&self) -> usize {
        self.exact.capacity() * COLUMNS * 4 + self.packed.capacity() * COLUMNS + self.scales.capacity() * 8
    }

    fn len(&self) -> i64 {
        i64::try_from(self.length).unwrap_or(i64::MAX)
    }

    fn kept(&self) -> i64 {
        i64::try_from(self.blocks).unwrap_or(i64::MAX)
    }

    fn place(&self, block: i64) -> usize {
        usize::try_from((block - self.first).rem_euclid(self.kept())).unwrap_or(0)
    }

    fn restart(&mut self, block: i64) {
        self.open = block;
        self.first = block;
        self.scales = Vec::new();
        self.packed = Vec::new();
        self.exact = vec![[f32::NAN; COLUMNS]; self.length];
    }

    /// Packs the block that grows and opens the next.
    fn seal(&mut self) {
        let finite = self.exact.iter().flatten().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        let scale = if high > low { STEPS / (high - low) } else { 0.0 };
        let pack = |v: f32| if v.is_finite() { ((v - low) * scale).round().min(STEPS) as u8 } else { GAP };
        let bytes = self.exact.iter().map(|values| values.map(pack));
        let place = self.place(self.open);
        if place == self.scales.len() {
            // All at once: thousands of tracks that grow in step would leave holes everywhere.
            self.scales.reserve_exact(self.blocks - place);
            self.scales.push((low, high));
            self.packed.reserve_exact((self.blocks - place) * self.length);
            self.packed.extend(bytes);
        } else if let Some(old) = self.packed.get_mut(place * self.length..(place + 1) * self.length) {
            self.scales[place] = (low, high);
            old.iter_mut().zip(bytes).for_each(|(old, new)| *old = new);
        }
        self.exact.fill([f32::NAN; COLUMNS]);
        self.open += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_not_read_stays_a_gap() {
        let mut track = Track::<1>::new(4, 3);
        track.put(1, [1.0]);
        track.put(9, [9.0]);
        let held: Vec<_> = (0..10).map(|slot| track.get(slot).map(|[v]| v)).collect();
        assert_eq!(held[1], Some(1.0));
        assert_eq!(held[9], Some(9.0));
        assert_eq!(held.iter().flatten().count(), 2);
    }

    #[test]
    fn a_clock_that_is_set_far_back_starts_anew_and_a_late_value_is_ignored() {
        let mut track = Track::<1>::new(4, 3);
        track.put(100, [1.0]);
        track.put(95, [2.0]);
        assert_eq!((track.get(95), track.get(100)), (None, Some([1.0])));
        track.put(3, [3.0]);
        assert_eq!((track.get(3), track.get(100)), (Some([3.0]), None));
    }

    proptest! {
        #[test]
        fn it_keeps_the_newest_within_the_step_of_its_block(
            steps in prop::collection::vec((1i64..9, -1e6f32..1e6), 1..200)
        ) {
            let (length, blocks) = (5, 4);
            let mut track = Track::<1>::new(length, blocks);
            let mut slot = 1000;
            let mut all = std::collections::BTreeMap::new();
            for (step, value) in steps {
                slot += step;
                track.put(slot, [value]);
                all.insert(slot, value);
            }
            let oldest = (slot / 5 - 4) * 5;
            for at in oldest..=slot {
                let block = all.range(at / 5 * 5..at / 5 * 5 + 5).map(|(_, v)| *v);
                let (low, high) = block.fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(v), h.max(v)));
                match (all.get(&at), track.get(at)) {
                    (Some(put), Some([got])) => prop_assert!((put - got).abs() <= (high - low) / 254.0 + 1.0),
                    (put, got) => prop_assert_eq!(put.is_some(), got.is_some(), "slot {}", at),
                }
            }
            prop_assert!(track.heap() <= 5 * 4 + 20 + 4 * 8);
        }
    }
}
