//! How many records of each level there are over time, for the bars above a log.

use super::flags::Flags;
use super::hits::Slots;
use super::merged::Merged;
use super::segment::{LEVELS, Segment};
use crate::domain::time::Timestamp;

/// Records of each level within one span of time, by [`Level`](crate::domain::level::Level) as an
/// index.
pub type Bar = [u32; LEVELS];

impl Merged<'_> {
    /// The span from `from` to `to` in `bars` equal parts. A segment that lies within one part costs
    /// no look at its lines.
    pub fn histogram(&self, from: Timestamp, to: Timestamp, bars: usize) -> Vec<Bar> {
        let mut out = vec![Bar::default(); bars];
        let span = to.as_millis().saturating_sub(from.as_millis());
        let Some(count) = i64::try_from(bars).ok().filter(|bars| *bars > 0 && span > 0) else { return out };
        let bar = |at: Timestamp| {
            let offset = i128::from(at.as_millis().saturating_sub(from.as_millis()));
            usize::try_from(offset * i128::from(count) / i128::from(span)).unwrap_or(0)
        };
        for log in &self.logs {
            for segment in &log.segments {
                if segment.latest() < from || segment.earliest() >= to {
                    continue;
                }
                let slots = Slots::of(segment, self.hits);
                let (first, last) = (bar(segment.earliest()), bar(segment.latest()));
                let whole = self.hits.is_none() && segment.earliest() >= from && segment.latest() < to;
                if whole && first == last {
                    if let Some(bar) = out.get_mut(first) {
                        bar.iter_mut().zip(segment.counts()).for_each(|(sum, n)| *sum += n);
                    }
                } else {
                    count_lines(segment, &slots, from, to, &bar, &mut out);
                }
            }
        }
        out
    }
}

fn count_lines(
    segment: &Segment,
    slots: &Slots<'_>,
    from: Timestamp,
    to: Timestamp,
    bar: &dyn Fn(Timestamp) -> usize,
    out: &mut [Bar],
) {
    let first = slots.first_from(segment.first_not_before(from));
    let last = slots.first_from(segment.first_not_before(to));
    for slot in first..last {
        let line = slots.line(slot);
        let (Some(level), Some(flags)) = (segment.levels().get(line), segment.flags().get(line)) else {
            continue;
        };
        if flags.has(Flags::CONTINUATION) || flags.has(Flags::GAP) {
            continue;
        }
        if let Some(bar) = out.get_mut(bar(segment.order(line))) {
            bar[*level as usize] += 1;
        }
    }
}
