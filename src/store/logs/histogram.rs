//! How many records of each level there are over time, for the bars above a log.

use super::hits::Slots;
use super::merged::Merged;
use super::segment::{LEVELS, Segment};
use crate::domain::time::Timestamp;

/// Records of each level within one span of time, by [`Level`](crate::domain::level::Level) as an
/// index.
pub type Bar = [u32; LEVELS];

impl Merged<'_> {
    /// The span from `from` to `to` in `bars` equal parts. Without a filter whole blocks of lines
    /// are counted at once.
    pub fn histogram(&self, from: Timestamp, to: Timestamp, bars: usize) -> Vec<Bar> {
        let mut out = vec![Bar::default(); bars];
        let span = i128::from(to.as_millis()) - i128::from(from.as_millis());
        if span <= 0 {
            return out;
        }
        let border = |bar: usize| {
            let millis = i128::from(from.as_millis()) + span * bar as i128 / bars.max(1) as i128;
            Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
        };
        let bar_of = |at: Timestamp| {
            let offset = i128::from(at.as_millis()) - i128::from(from.as_millis());
            usize::try_from(offset * bars as i128 / span).unwrap_or(0)
        };
        for log in &self.logs {
            for segment in &log.segments {
                if segment.latest() < from || segment.earliest() >= to {
                    continue;
                }
                let slots = Slots::of(segment, self.hits);
                // A border is rounded down, so a line may stand one bar before where it is looked for.
                let first = bar_of(segment.earliest()).saturating_sub(1);
                let mut start = segment.first_not_before(border(first));
                for (bar, sum) in out.iter_mut().enumerate().skip(first) {
                    if start >= segment.len() {
                        break;
                    }
                    let end = segment.first_not_before(border(bar + 1));
                    count(segment, &slots, start..end, sum);
                    start = end;
                }
            }
        }
        out
    }
}

fn count(segment: &Segment, slots: &Slots<'_>, lines: std::ops::Range<usize>, sum: &mut Bar) {
    let Slots::Found(_) = slots else { return segment.count_into(lines, sum) };
    for slot in slots.first_from(lines.start)..slots.first_from(lines.end) {
        let line = slots.line(slot);
        if let Some(level) = segment.levels().get(line).filter(|_| segment.is_record(line)) {
            sum[*level as usize] += 1;
        }
    }
}
