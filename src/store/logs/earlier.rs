//! What stands before the first line held of a source, while it is read: it comes oldest first, and ends
//! where the lines begin that are there already.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::cursor::LineSeq;
use super::flags::Flags;
use super::line::Gap;
use super::segment::{NewLine, Segment};
use crate::domain::level::Level;
use crate::domain::time::Timestamp;

/// How far it is to be read past the time of the first line held: of several lines in one instant some may
/// be held and others not, and a container's two streams are not quite in order.
pub const OVERLAP: Duration = Duration::from_millis(100);

/// The numbers that are set apart for what is read at one time; what of them is not used stays a hole.
const STRETCH: u64 = 1 << 32;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Earlier {
    /// How many of the first segments are of it.
    pub segments: usize,
    /// The next line's number.
    pub next: LineSeq,
    first: LineSeq,
    order: Timestamp,
    level: Level,
    /// The time by which the first line is ordered that was there before.
    latest: Timestamp,
    /// The lines near there that are held already, by their time and text, and how many are the same.
    held: HashMap<(Timestamp, String), u32>,
}

impl Earlier {
    /// What stands before these segments; `None` where there are none.
    pub fn before(segments: &VecDeque<Arc<Segment>>) -> Option<Self> {
        let front = segments.front()?;
        let latest = front.earliest();
        let mut held = HashMap::new();
        let until = latest + OVERLAP;
        // A line that is early for its place is ordered with those before it: it may stand so much further on.
        let near = segments.iter().take_while(|segment| segment.earliest() <= until + OVERLAP);
        for segment in near {
            let lines = (0..segment.len()).take_while(|at| segment.cursor(*at).at <= until + OVERLAP);
            let lines = lines.map(|at| segment.line(at));
            for line in lines.filter(|line| line.gap.is_none() && line.time <= until) {
                *held.entry((line.time, line.text.to_owned())).or_default() += 1;
            }
        }
        let first = LineSeq(front.key().first.0.saturating_sub(STRETCH));
        let order = Timestamp::from_millis(i64::MIN);
        Some(Self { segments: 0, next: first, first, order, level: Level::Unknown, latest, held })
    }

    /// The line as it is to be pushed, unless it is held already. Of several that are the same to the millisecond
    /// the first that come are taken for those that are held.
    pub fn take<'a>(
        &mut self,
        text: &'a str,
        time: Timestamp,
        level: Level,
        flags: Flags,
    ) -> Option<NewLine<'a>> {
        if time + OVERLAP >= self.latest
            && let Some(same) = self.held.get_mut(&(time, text.to_owned()))
            && *same > 0
        {
            *same -= 1;
            return None;
        }
        if !flags.has(Flags::CONTINUATION) || self.next == self.first {
            self.order = time.max(self.order).min(self.latest);
            self.level = level;
        }
        Some(NewLine { text, order: self.order, time, level: self.level, flags, gap: None })
    }

    /// The same for lines that are missing.
    pub fn gap<'a>(&mut self, text: &'a str, count: Option<u64>, at: Timestamp) -> NewLine<'a> {
        self.order = at.max(self.order).min(self.latest);
        self.level = Level::Unknown;
        let (order, gap) = (self.order, Some(Gap { count }));
        NewLine { text, order, time: at, level: Level::Unknown, flags: Flags::GAP, gap }
    }
}

#[cfg(test)]
#[path = "earlier_tests.rs"]
mod tests;
