//! Runs a query over segments: each pattern over a whole segment's text at once, segments spread
//! over threads, the newest first, so that the first screen is there long before the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bits::Bits;
use super::condition::CompiledCond;
use super::hits::{Hits, SegmentHits};
use super::log_store::Snapshot;
use super::pattern::Compiled;
use super::query::Matcher;
use super::segment::Segment;
use crate::domain::level::Level;

/// With so many lines found a thread has shown enough of the start, and gathers before it tells.
const FIRST_SCREEN: usize = 200;
/// How many segments are gathered from there on.
const GATHER: usize = 32;
/// With at most so many lines left, the next pattern looks at each instead of at the whole text.
const FEW: usize = 64;

/// What a search has to look at: segments, and the line from which each was not searched yet.
#[derive(Clone, Debug, Default)]
pub struct Unsearched {
    parts: Vec<(Arc<Segment>, usize)>,
}

impl Unsearched {
    /// What of a snapshot was not searched yet, the newest first. The last record that was is in
    /// it again where lines came behind it: they may belong to it.
    pub fn of(snapshot: &Snapshot, hits: &Hits) -> Self {
        let part = |segment: &Arc<Segment>| {
            let searched = hits.searched(segment.key());
            let from = if searched == 0 { 0 } else { segment.record_start(searched) };
            (searched < segment.len()).then(|| (segment.clone(), from.min(searched)))
        };
        Self { parts: snapshot.segments().iter().filter_map(part).collect() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The bytes of text to look at.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|(segment, from)| segment.text().len() - segment.start_of(*from)).sum()
    }
}

/// Runs a query on this and `threads - 1` more threads. `found` is called from any of them, the
/// newest segments first, at once until a screen is full and then in larger parts; `stop` is asked
/// before each segment. Says whether it came to the end.
pub fn search(
    work: &Unsearched,
    matcher: &Matcher,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
    found: &(dyn Fn(Vec<SegmentHits>) + Sync),
) -> bool {
    let next = AtomicUsize::new(0);
    let run = |matcher: Matcher| {
        let mut gathered = Vec::new();
        let mut told = 0;
        let complete = loop {
            let Some((segment, from)) = work.parts.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break true;
            };
            if stop() {
                break false;
            }
            let hits = search_segment(segment, &matcher, *from);
            let early = told < FIRST_SCREEN;
            told += hits.lines.len();
            gathered.push(hits);
            if early || gathered.len() >= GATHER {
                found(std::mem::take(&mut gathered));
            }
        };
        if !gathered.is_empty() {
            found(gathered);
        }
        complete
    };
    let more = threads.min(work.parts.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        // Each thread has a matcher of its own: the scratch memory of a shared one is waited for.
        let others: Vec<_> = (0..more).map(|_| scope.spawn(|| run(matcher.clone()))).collect();
        let complete = run(matcher.clone());
        others.into_iter().fold(complete, |all, other| other.join().unwrap_or(false) && all)
    })
}

/// The lines of one segment that a query wants, from one line on.
pub fn search_segment(segment: &Segment, matcher: &Matcher, from: usize) -> SegmentHits {
    let mut lines = wanted(segment, matcher, from);
    if !lines.is_empty() {
        for pattern in &matcher.include {
            narrow(&mut lines, segment, |lines, few| found(segment, pattern, from, lines, few));
        }
        for cond in &matcher.fields {
            narrow(&mut lines, segment, |lines, _| passing(segment, cond, from, lines));
        }
        for pattern in &matcher.exclude {
            if lines.is_empty() {
                break;
            }
            let few = lines.count() <= FEW && !segment.is_multiline();
            let mut out = found(segment, pattern, from, &lines, few);
            out.whole_records(segment);
            lines.and_not(&out);
        }
    }
    for cond in &matcher.exclude_fields {
        if lines.is_empty() {
            break;
        }
        let mut out = passing(segment, cond, from, &lines);
        out.whole_records(segment);
        lines.and_not(&out);
    }
    let range = range(segment, matcher, from);
    let mut gaps = Bits::none();
    segment.gaps().filter(|line| range.contains(line)).for_each(|line| gaps.set(line));
    if matcher.without_gaps {
        lines.and_not(&gaps);
    } else {
        lines.or(&gaps);
    }
    let index = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    SegmentHits {
        segment: segment.key(),
        from: index(from),
        searched: index(segment.len()),
        lines: lines.iter().map(index).collect(),
    }
}

fn range(segment: &Segment, matcher: &Matcher, from: usize) -> std::ops::Range<usize> {
    let low = matcher.since.map_or(0, |since| segment.first_not_before(since));
    let high = matcher.until.map_or(segment.len(), |until| segment.first_not_before(until));
    low.max(from)..high
}

/// The lines of the right time and level.
fn wanted(segment: &Segment, matcher: &Matcher, from: usize) -> Bits {
    let range = range(segment, matcher, from);
    let Some(least) = matcher.level else { return Bits::range(range.start, range.end) };
    let mut bits = Bits::none();
    let passes = |level: Level| level >= least || level == Level::Unknown;
    let levels = segment.levels().get(range.clone()).unwrap_or_default();
    for (line, level) in range.zip(levels) {
        if passes(*level) {
            bits.set(line);
        }
    }
    bits
}

/// Keeps the records of which some line passes. The test is told whether few lines are left; with
/// records of several lines it looks at all, since any line of a record may pass for it.
fn narrow(lines: &mut Bits, segment: &Segment, test: impl Fn(&Bits, bool) -> Bits) {
    if lines.is_empty() {
        return;
    }
    let few = lines.count() <= FEW && !segment.is_multiline();
    let mut passed = test(lines, few);
    passed.whole_records(segment);
    lines.and(&passed);
}

/// The lines that hold a pattern.
fn found(segment: &Segment, pattern: &Compiled, from: usize, lines: &Bits, few: bool) -> Bits {
    let mut bits = Bits::none();
    if few || !pattern.whole {
        let candidates: Vec<usize> =
            if few { lines.iter().collect() } else { (from..segment.len()).collect() };
        for line in candidates {
            if pattern.is_match(segment.text_of(line)) {
                bits.set(line);
            }
        }
        return bits;
    }
    let text = segment.text().as_bytes();
    let mut line = from;
    let mut at = segment.start_of(from);
    while at < text.len() {
        let Some(found) = pattern.regex.find_at(text, at) else { break };
        if found.start() >= text.len() {
            break;
        }
        line = segment.line_at_byte(found.start(), line);
        let end = segment.end_of(line);
        // A match that runs over the line's end may hide one within it.
        if found.end() <= end || pattern.is_match(segment.text_of(line)) {
            bits.set(line);
        }
        line += 1;
        at = end + 1;
    }
    bits
}

/// The lines that have a field as wanted; only those with the field's name in them are taken apart.
fn passing(segment: &Segment, cond: &CompiledCond, from: usize, lines: &Bits) -> Bits {
    let mut bits = Bits::none();
    let multiline = segment.is_multiline();
    let text = segment.text().as_bytes();
    let mut line = from;
    let mut at = segment.start_of(from);
    while let Some(found) = text.get(at..).and_then(|rest| cond.key.find(rest)) {
        line = segment.line_at_byte(at + found, line);
        if (multiline || lines.has(line)) && cond.passes(segment.text_of(line)) {
            bits.set(line);
        }
        at = segment.end_of(line) + 1;
        line += 1;
    }
    bits
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
