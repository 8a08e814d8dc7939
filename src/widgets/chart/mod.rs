//! A chart over time: several series, told apart by color and by mark, with gaps where nothing was
//! read, a band between least and greatest, a limit, what happened, and a cursor.
//!
//! A series comes as parts of the time axis, two for each cell. Drawing costs no more than the cells
//! it fills, whatever lies behind the parts.

pub mod axis;
mod canvas;
pub mod legend;
pub mod scale;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use self::canvas::{Canvas, Stroke};
use self::scale::Scale;
use super::text::{Align, Place, put_aligned};
use crate::domain::event_mark::MarkKind;
use crate::domain::metric::MetricUnit;
use crate::domain::past::Bin;
use crate::theme::{Role, Theme};

/// Cells left of the plot, for the labels of its height and the axis.
pub const GUTTER: u16 = 9;
/// Parts of the time axis in one cell.
pub const BINS: u16 = 2;
/// Charts with more series than this have no bands: they would cover each other.
pub const BANDS: usize = 2;
/// Where so many cells or more have events, they are not drawn through the plot.
const CROWD: usize = 12;
/// Cells between the marks on a line.
const BETWEEN_MARKS: u16 = 14;

/// One series.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Its number among the series: it decides color and mark.
    pub slot: usize,
    /// Its parts, oldest first, [`BINS`] for each cell of the plot; `None` where nothing was read.
    pub bins: &'a [Option<Bin>],
    /// Whether it is too old to be believed.
    pub stale: bool,
}

impl Line<'_> {
    /// Its color.
    pub fn role(slot: usize, stale: bool) -> Role {
        if stale { Role::Stale } else { Role::SERIES[slot % Role::SERIES.len()] }
    }
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// The series, the most important first: it is drawn over the others.
    pub lines: &'a [Line<'a>],
    /// What its values are in.
    pub unit: MetricUnit,
    /// The height of the chart.
    pub scale: Scale,
    /// A limit.
    pub limit: Option<f32>,
    /// What happened, by the cell of the plot.
    pub events: &'a [(u16, MarkKind)],
    /// The cell of the plot in which the cursor stands.
    pub cursor: Option<u16>,
}

/// The part of an area that is the plot itself.
pub fn plot(area: Rect) -> Rect {
    Rect { x: area.x + GUTTER.min(area.width), width: area.width.saturating_sub(GUTTER), ..area }
}

/// Draws it.
pub fn draw(buf: &mut Buffer, area: Rect, chart: &Chart<'_>, theme: &Theme) {
    let plot = plot(area);
    if plot.width == 0 || plot.height == 0 {
        return;
    }
    labels(buf, area, chart, theme);
    background(buf, plot, chart, theme);
    lines(buf, plot, chart, theme);
    if let Some(x) = chart.cursor.filter(|x| *x < plot.width) {
        for y in 0..plot.height {
            let cell = &mut buf[(plot.x + x, plot.y + y)];
            if matches!(cell.symbol(), " ") || cell.symbol() == theme.glyphs.dots {
                cell.set_symbol(theme.glyphs.bar).set_style(theme.style(Role::Accent));
            }
            cell.set_style(theme.selection(true));
        }
    }
}

/// The heights that are written down, and the axis.
fn labels(buf: &mut Buffer, area: Rect, chart: &Chart<'_>, theme: &Theme) {
    for y in area.y..area.bottom() {
        buf.set_string(area.x + GUTTER - 1, y, theme.glyphs.bar, theme.style(Role::Faint));
    }
    let ticks = chart.scale.ticks(area.height);
    let mut label = |value: f32, row: u16, role: Role| {
        let place = Place { x: area.x, y: area.y + row, width: GUTTER - 1 };
        put_aligned(buf, place, &chart.unit.text(value), theme.style(role), Align::Right, theme);
    };
    for (tick, row) in &ticks {
        label(*tick, *row, Role::Muted);
    }
    // Where another value stands for the row, that one stays: the line itself says how high the limit is.
    let limit = chart.limit.and_then(|limit| Some((limit, chart.scale.row(limit, area.height)?)));
    if let Some((limit, row)) = limit
        && ticks.iter().all(|(tick, taken)| *taken != row || (tick - limit).abs() <= limit.abs() * 0.001)
    {
        label(limit, row, Role::Degraded);
    }
}

/// What lies behind the lines: what happened, and the limit.
fn background(buf: &mut Buffer, plot: Rect, chart: &Chart<'_>, theme: &Theme) {
    let mut columns: Vec<u16> = chart.events.iter().map(|(x, _)| *x).filter(|x| *x < plot.width).collect();
    columns.dedup();
    if columns.len() < CROWD {
        for x in columns {
            for y in plot.y..plot.bottom() {
                buf.set_string(plot.x + x, y, theme.glyphs.dots, theme.style(Role::Faint));
            }
        }
    }
    let Some(limit) = chart.limit.filter(|limit| chart.scale.row(*limit, plot.height).is_some()) else {
        return;
    };
    let dot = chart.scale.dot(limit, plot.height);
    let glyph = canvas::dash(dot, theme.glyphs);
    // Every other cell: a line of values has no holes.
    for x in (0..plot.width).step_by(2) {
        let cell = &mut buf[(plot.x + x, plot.y + dot / canvas::HIGH)];
        cell.set_char(glyph).set_style(theme.style(Role::Degraded));
    }
}

fn lines(buf: &mut Buffer, plot: Rect, chart: &Chart<'_>, theme: &Theme) {
    let mut canvas = Canvas::new(plot.width, plot.height);
    let strokes: Vec<Stroke> =
        chart.lines.iter().map(|line| Stroke::new(line.bins, chart.scale, plot)).collect();
    if chart.lines.len() <= BANDS {
        strokes.iter().rev().for_each(|stroke| canvas.band(stroke));
    }
    for (stroke, line) in strokes.iter().zip(chart.lines).rev() {
        canvas.line(stroke, line.slot as u8);
    }
    let several = chart.lines.len() > 1;
    for (x, y, ink) in canvas.cells() {
        let place = (plot.x + x, plot.y + y);
        let line = ink.owner.and_then(|slot| chart.lines.iter().find(|line| line.slot == usize::from(slot)));
        let Some(line) = line else {
            let glyph = if theme.glyphs.braille { braille(ink.dots) } else { BAND_PLAIN };
            buf[place].set_char(glyph).set_style(theme.style(Role::Faint));
            continue;
        };
        let style = theme.style(Line::role(line.slot, line.stale));
        if theme.glyphs.braille {
            buf[place].set_char(braille(ink.dots)).set_style(style);
        } else {
            let mark = theme.glyphs.series[line.slot % theme.glyphs.series.len()];
            buf[place].set_symbol(mark).set_style(style);
        }
    }
    if several && theme.glyphs.braille {
        marks(buf, plot, chart, &strokes, theme);
    }
}

/// Marks on the lines, each series at other cells.
fn marks(buf: &mut Buffer, plot: Rect, chart: &Chart<'_>, strokes: &[Stroke], theme: &Theme) {
    let count = chart.lines.len() as u16;
    for (n, (line, stroke)) in chart.lines.iter().zip(strokes).enumerate() {
        let first = n as u16 * BETWEEN_MARKS / count.max(1) + 1;
        for x in (first..plot.width).step_by(usize::from(BETWEEN_MARKS)) {
            if let Some(row) = stroke.row(x) {
                let mark = theme.glyphs.series[line.slot % theme.glyphs.series.len()];
                let style = theme.style(Line::role(line.slot, line.stale));
                buf[(plot.x + x, plot.y + row)].set_symbol(mark).set_style(style);
            }
        }
    }
}

/// What a band is drawn with where there is no Braille.
const BAND_PLAIN: char = '.';

/// A piece of a band, to say what it is.
pub fn band_sample(theme: &Theme) -> String {
    let glyph = if theme.glyphs.braille { braille(u8::MAX) } else { BAND_PLAIN };
    [glyph; 2].iter().collect()
}

/// The pattern of eight dots, Unicode's block from U+2800.
fn braille(dots: u8) -> char {
    char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
