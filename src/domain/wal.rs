//! Segments of a PostgreSQL server's write-ahead log, by their names (PostgreSQL, "WAL Internals", 28.6):
//! eight hex digits of the timeline, eight of the log, eight of the segment in it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The usual size of a segment, in bytes; `initdb --wal-segsize` makes it another.
pub const USUAL: u64 = 16 << 20;

/// A segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Segment {
    /// Its place in the log, over all timelines: the count of segments before it.
    pub place: u64,
    /// Its timeline.
    pub timeline: u32,
    /// How many segments one log has: 256 of the usual size.
    each: u32,
}

impl Segment {
    /// That of a name, whatever follows its 24 digits, where a segment has so many bytes.
    pub fn parse(name: &str, size: u64) -> Option<Self> {
        let digits = name.get(..24)?;
        // What is named so and goes on with a letter or digit is something else, and what is not whole yet
        // is none.
        let rest = &name[24..];
        if !digits.bytes().all(|b| b.is_ascii_hexdigit())
            || rest.starts_with(|c: char| c.is_ascii_alphanumeric())
            || rest.starts_with(".partial")
        {
            return None;
        }
        let each = u32::try_from((1u64 << 32).checked_div(size)?).ok().filter(|it| *it > 0)?;
        let part = |from: usize| u32::from_str_radix(&digits[from..from + 8], 16).ok();
        let (timeline, log, segment) = (part(0)?, part(8)?, part(16)?);
        (segment < each).then(|| Self {
            place: u64::from(log) * u64::from(each) + u64::from(segment),
            timeline,
            each,
        })
    }

    /// The one before it, on its timeline; `None` before the first.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        Some(Self { place: self.place.checked_sub(1)?, ..self })
    }

    /// The one after it, on its timeline.
    #[must_use]
    pub const fn after(self) -> Self {
        Self { place: self.place.saturating_add(1), ..self }
    }

    /// How many segments come between it and an earlier one, both left out.
    pub const fn between(self, earlier: Self) -> u64 {
        self.place.saturating_sub(earlier.place).saturating_sub(1)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = u64::from(self.each.max(1));
        write!(f, "{:08X}{:08X}{:08X}", self.timeline, self.place / each, self.place % each)
    }
}

/// Segments of which none between the first and the last is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The first.
    pub first: Segment,
    /// The last.
    pub last: Segment,
}

impl Stretch {
    /// Whether a segment's place is in it, on whatever timeline.
    pub const fn holds(&self, it: Segment) -> bool {
        self.first.place <= it.place && it.place <= self.last.place
    }
}

/// The stretches that segments in any order come to, oldest first. The timeline is left out of it: after a
/// promotion the log goes on at the place where the one before ended.
pub fn stretches(all: Vec<Segment>) -> Vec<Stretch> {
    joined(all.into_iter().map(|it| Stretch { first: it, last: it }).collect())
}

/// What stretches in any order, of whatever timelines, come to, oldest first.
pub fn joined(mut all: Vec<Stretch>) -> Vec<Stretch> {
    all.sort_unstable_by_key(|it| (it.first, it.last));
    let mut out: Vec<Stretch> = Vec::new();
    for it in all {
        match out.last_mut() {
            Some(before) if it.first.place <= before.last.place + 1 => {
                before.last = before.last.max(it.last);
            }
            _ => out.push(it),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(name: &str) -> Segment {
        Segment::parse(name, USUAL).unwrap()
    }

    #[test]
    fn a_name_is_read_and_written_as_it_is() {
        for name in ["000000010000000000000001", "0000000A000000FF000000FF"] {
            assert_eq!(segment(name).to_string(), name);
        }
        let compressed = "000000010000000200000003-0f2a9d7c.gz";
        assert_eq!(segment(compressed).place, 2 * 256 + 3);
        assert_eq!(Segment::parse("000000010000000200000003", 1 << 30).unwrap().place, 2 * 4 + 3);
        // One that is not whole yet is none.
        assert_eq!(Segment::parse("000000010000000200000003.partial", USUAL), None);
        for other in ["00000002.history", "0000000100000000000001FF", "", "00000001000000020000000300"] {
            assert_eq!(Segment::parse(other, USUAL), None, "{other}");
        }
        assert_eq!(Segment::parse("000000010000000200000003", 0), None);
    }

    #[test]
    fn what_is_missing_parts_them_and_another_timeline_does_not() {
        let all = ["000000010000000000000005", "000000010000000000000002", "000000010000000000000001"];
        let names = |all: &[&str]| -> Vec<String> {
            let all = stretches(all.iter().map(|it| segment(it)).collect());
            all.iter().map(|it| format!("{} to {}", it.first.place, it.last.place)).collect()
        };
        assert_eq!(names(&all), ["1 to 2", "5 to 5"]);
        assert_eq!(names(&["0000000100000000000000FF", "000000020000000100000000"]), ["255 to 256"]);
        assert_eq!(segment(all[0]).between(segment(all[1])), 2);
    }
}
