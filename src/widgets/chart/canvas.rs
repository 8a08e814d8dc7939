//! The dots of a plot: two by four in each cell, and whose they are.

use ratatui::layout::Rect;

use super::BINS;
use super::scale::Scale;
use crate::domain::past::Bin;
use crate::theme::Glyphs;

/// Dots in a cell from top to bottom.
pub const HIGH: u16 = 4;

/// Which bit of a Braille pattern is the dot in a column and row (Unicode, chapter 21.1).
const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// One cell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ink {
    /// Its Braille pattern.
    pub dots: u8,
    /// The series that drew it last; `None` for a band.
    pub owner: Option<u8>,
}

/// See the module.
#[derive(Debug)]
pub struct Canvas {
    width: u16,
    height: u16,
    cells: Vec<Ink>,
}

/// A series as heights in dots from the top.
#[derive(Debug)]
pub struct Stroke {
    /// Greatest, mean, least.
    heights: Vec<Option<[u16; 3]>>,
}

impl Stroke {
    /// Fits the parts of a series to a plot.
    pub fn new(bins: &[Option<Bin>], scale: Scale, plot: Rect) -> Self {
        let height = |value| scale.dot(value, plot.height);
        let fit = |bin: Bin| [height(bin.max), height(bin.mean), height(bin.min)];
        let shown = usize::from(plot.width * BINS);
        Self { heights: bins.iter().take(shown).map(|bin| bin.map(fit)).collect() }
    }

    /// The row in which the line passes a cell.
    pub fn row(&self, x: u16) -> Option<u16> {
        let at = usize::from(x * BINS);
        let of = |at: usize| self.heights.get(at).copied().flatten().map(|[_, mean, _]| mean / HIGH);
        of(at).or_else(|| of(at + 1))
    }
}

/// A dash in a cell at the height of a dot of it, counted from the top of the plot.
pub fn dash(dot: u16, glyphs: &Glyphs) -> char {
    if !glyphs.braille {
        return if dot % HIGH == HIGH - 1 { '_' } else { '-' };
    }
    super::braille(BITS[0][usize::from(dot % HIGH)] | BITS[1][usize::from(dot % HIGH)])
}

impl Canvas {
    /// An empty one, in cells.
    pub fn new(width: u16, height: u16) -> Self {
        Self { width, height, cells: vec![Ink::default(); usize::from(width) * usize::from(height)] }
    }

    /// What lies between the least and the greatest, as every other dot.
    pub fn band(&mut self, stroke: &Stroke) {
        for (x, heights) in (0..).zip(&stroke.heights) {
            let Some([top, _, bottom]) = *heights else { continue };
            for y in top..=bottom {
                if (x + y) % 2 == 0 && top != bottom {
                    self.dot(x, y, None);
                }
            }
        }
    }

    /// The mean as a line; where nothing was read it breaks.
    pub fn line(&mut self, stroke: &Stroke, owner: u8) {
        let mut before: Option<u16> = None;
        for (x, heights) in (0..).zip(&stroke.heights) {
            let Some([_, y, _]) = *heights else {
                before = None;
                continue;
            };
            let from = match before {
                Some(last) if last < y => last + 1,
                Some(last) if last > y => last - 1,
                _ => y,
            };
            for y in from.min(y)..=from.max(y) {
                self.dot(x, y, Some(owner));
            }
            before = Some(y);
        }
    }

    /// The cells that hold anything.
    pub fn cells(&self) -> impl Iterator<Item = (u16, u16, Ink)> {
        let width = self.width.max(1);
        (0u16..)
            .zip(&self.cells)
            .filter(|(_, ink)| ink.dots != 0)
            .map(move |(n, ink)| (n % width, n / width, *ink))
    }

    fn dot(&mut self, x: u16, y: u16, owner: Option<u8>) {
        let (column, row) = (x / BINS, y / HIGH);
        if column >= self.width || row >= self.height {
            return;
        }
        let Some(ink) = self.cells.get_mut(usize::from(row) * usize::from(self.width) + usize::from(column))
        else {
            return;
        };
        // A line takes the whole cell from a band: both in one color would read as one.
        if owner.is_some() && ink.owner.is_none() {
            ink.dots = 0;
        }
        ink.owner = owner.or(ink.owner);
        ink.dots |= BITS[usize::from(x % BINS)][usize::from(y % HIGH)];
    }
}
