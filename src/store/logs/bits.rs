//! A set of lines of one segment, one bit each.

use super::segment::{MAX_LINES, Segment};
use crate::store::logs::flags::Flags;

const WORDS: usize = MAX_LINES / 64;

/// Lines by index.
#[derive(Clone, Debug)]
pub(super) struct Bits([u64; WORDS]);

impl Bits {
    pub fn none() -> Self {
        Self([0; WORDS])
    }

    pub fn range(from: usize, to: usize) -> Self {
        let mut bits = Self::none();
        for line in from..to.min(MAX_LINES) {
            bits.set(line);
        }
        bits
    }

    pub fn set(&mut self, line: usize) {
        if let Some(word) = self.0.get_mut(line / 64) {
            *word |= 1 << (line % 64);
        }
    }

    pub fn has(&self, line: usize) -> bool {
        self.0.get(line / 64).is_some_and(|word| word & (1 << (line % 64)) != 0)
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    pub fn and_not(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
    }

    pub fn or(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }

    /// The lines, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(i * 64 + bit)
            })
        })
    }

    /// Takes in all lines of each record of which it has one.
    pub fn whole_records(&mut self, segment: &Segment) {
        if !segment.is_multiline() || self.is_empty() {
            return;
        }
        let flags = segment.flags();
        let mut head = 0;
        while head < flags.len() {
            let lines = flags[head + 1..].iter().take_while(|flags| flags.has(Flags::CONTINUATION)).count();
            let end = head + 1 + lines;
            if lines > 0 && (head..end).any(|line| self.has(line)) {
                (head..end).for_each(|line| self.set(line));
            }
            head = end;
        }
    }
}
