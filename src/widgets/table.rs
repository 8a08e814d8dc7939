//! Rows under headings. Columns give way by priority where the screen is narrow, and what is cut
//! in a cell is marked. Only the rows that are shown are asked for.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{Align, Piece, Place, put, put_aligned, put_ends, put_pieces, width};
use super::wrap::wrap;
use super::{scrollbar, spark};
use crate::theme::{Role, Theme};

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub title: &'static str,
    /// The least cells that it makes sense with.
    pub min: u16,
    /// The most cells it can use; past `min`, columns share what is left in order.
    pub max: u16,
    /// Where its text stands.
    pub align: Align,
    /// Columns with the highest number go first where the screen is narrow; 0 never goes.
    pub priority: u8,
    /// Whether text that does not fit is cut in its middle: a name's end is what tells it from others.
    pub ends: bool,
}

impl Column {
    /// A column of a fixed width.
    pub const fn fixed(title: &'static str, cells: u16, align: Align, priority: u8) -> Self {
        Self { title, min: cells, max: cells, align, priority, ends: false }
    }

    /// A column that takes what is there.
    pub const fn flexible(title: &'static str, min: u16, max: u16, priority: u8) -> Self {
        Self { title, min, max, align: Align::Left, priority, ends: false }
    }

    /// The same for names: what does not fit is cut in its middle.
    #[must_use]
    pub const fn with_its_end(self) -> Self {
        Self { ends: true, ..self }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// Text in one style.
    Text(Cow<'a, str>, Style),
    /// Text in several.
    Pieces(Vec<Piece<'a>>),
    /// Small bars.
    Spark(Vec<Option<f32>>, f32, Style),
}

impl<'a> Cell<'a> {
    /// Text in one style.
    pub fn new(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self::Text(text.into(), style)
    }

    /// Nothing.
    pub const fn empty() -> Self {
        Self::Text(Cow::Borrowed(""), Style::new())
    }
}

/// One row: its cells, in the order of the columns, and whether it is marked.
#[derive(Clone, Debug, Default)]
pub struct Row<'a> {
    /// The cells.
    pub cells: Vec<Cell<'a>>,
    /// Whether it is marked.
    pub marked: bool,
}

/// What of a table is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// All rows.
    pub rows: usize,
    /// The first that is shown.
    pub first: usize,
    /// The selected one.
    pub selected: Option<usize>,
    /// Whether keys go to it.
    pub focused: bool,
    /// Whether the headings are drawn.
    pub headed: bool,
    /// The column it is sorted by, and whether the greatest stands first.
    pub sorted: Option<(usize, bool)>,
}

/// The cells at the left of each row: cursor and mark.
const GUTTER: u16 = 2;
/// Cells between columns.
const BETWEEN: u16 = 2;

/// Where each column stands in so many cells, relative to the first; `None` for those that gave way.
pub fn fit(columns: &[Column], cells: u16) -> Vec<Option<(u16, u16)>> {
    let mut kept = vec![true; columns.len()];
    let needed = |kept: &[bool]| {
        let (n, sum) = columns
            .iter()
            .zip(kept)
            .filter(|(_, kept)| **kept)
            .fold((0u16, 0u16), |(n, sum), (column, _)| (n + 1, sum.saturating_add(column.min)));
        sum.saturating_add(n.saturating_sub(1) * BETWEEN)
    };
    while needed(&kept) > cells {
        let goes = columns
            .iter()
            .enumerate()
            .filter(|(i, column)| kept[*i] && column.priority > 0)
            .max_by_key(|(i, column)| (column.priority, *i));
        match goes {
            Some((i, _)) => kept[i] = false,
            None => break,
        }
    }
    let mut spare = cells.saturating_sub(needed(&kept));
    let mut x = 0u16;
    columns
        .iter()
        .zip(&kept)
        .map(|(column, kept)| {
            if !kept || x >= cells {
                return None;
            }
            let more = spare.min(column.max.saturating_sub(column.min));
            spare -= more;
            let cells_here = (column.min + more).min(cells - x);
            let place = (x, cells_here);
            x += cells_here + BETWEEN;
            Some(place)
        })
        .collect()
}

/// Draws headings and rows. `row` is asked for each shown index only.
pub fn draw<'a>(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Column],
    window: Window,
    theme: &Theme,
    row: impl Fn(usize) -> Row<'a>,
) {
    if area.width <= GUTTER + 1 || area.height == 0 {
        return;
    }
    let places = fit(columns, area.width - GUTTER - 1);
    let mut body = area;
    if window.headed {
        head(buf, area, columns, &places, window, theme);
        body.y += 1;
        body.height -= 1;
    }
    let shown = usize::from(body.height).min(window.rows.saturating_sub(window.first));
    for line in 0..shown {
        let index = window.first + line;
        let y = body.y + line as u16;
        let row = row(index);
        let selected = window.selected == Some(index);
        draw_cells(buf, Place { x: body.x, y, width: body.width }, columns, &places, &row, theme);
        if selected {
            buf.set_style(Rect { y, height: 1, ..body }, theme.selection(window.focused));
            if window.focused {
                buf.set_string(body.x, y, theme.glyphs.cursor, theme.style(Role::Accent));
            }
        }
        if row.marked {
            buf.set_string(body.x + 1, y, theme.glyphs.marked, theme.style(Role::Marked));
        }
    }
    scrollbar::draw(buf, body, window.first, shown, window.rows, theme);
}

fn head(
    buf: &mut Buffer,
    area: Rect,
    columns: &[Column],
    places: &[Option<(u16, u16)>],
    window: Window,
    theme: &Theme,
) {
    for (i, (column, place)) in columns.iter().zip(places).enumerate() {
        let Some((x, cells)) = *place else { continue };
        let place = Place { x: area.x + GUTTER + x, y: area.y, width: cells };
        let style = theme.style(Role::Muted);
        match window.sorted {
            Some((sorted, descending)) if sorted == i => {
                // In the gap behind the title, which stays where it was.
                let arrow = if descending { theme.glyphs.arrow_down } else { theme.glyphs.arrow_up };
                put_aligned(buf, place, column.title, theme.bold(Role::Muted), column.align, theme);
                let end = match column.align {
                    Align::Left => width(column.title).min(cells),
                    Align::Right => cells,
                };
                let at = Place { x: place.x + end, y: place.y, width: 1 };
                put(buf, at, arrow, theme.bold(Role::Accent), theme);
            }
            _ => put_aligned(buf, place, column.title, style, column.align, theme),
        }
    }
}

fn draw_cells(
    buf: &mut Buffer,
    line: Place,
    columns: &[Column],
    places: &[Option<(u16, u16)>],
    row: &Row<'_>,
    theme: &Theme,
) {
    for ((column, place), cell) in columns.iter().zip(places).zip(&row.cells) {
        let Some((x, cells)) = *place else { continue };
        let place = Place { x: line.x + GUTTER + x, y: line.y, width: cells };
        match cell {
            Cell::Text(text, style) if column.ends => {
                put_ends(buf, place, text, *style, theme);
            }
            Cell::Pieces(pieces) if column.ends => {
                let Some(((name, style), before)) = pieces.split_last() else { continue };
                let used = put_pieces(buf, place, before, theme);
                let rest = Place { x: place.x + used, width: cells.saturating_sub(used), ..place };
                put_ends(buf, rest, name, *style, theme);
            }
            Cell::Text(text, style) => put_aligned(buf, place, text, *style, column.align, theme),
            Cell::Pieces(pieces) => {
                let all: u16 = pieces.iter().map(|(text, _)| width(text)).fold(0, u16::saturating_add);
                let shift = match column.align {
                    Align::Left => 0,
                    Align::Right => cells.saturating_sub(all),
                };
                put_pieces(buf, Place { x: place.x + shift, width: cells - shift, ..place }, pieces, theme);
            }
            Cell::Spark(values, top, style) => spark::draw(buf, place, values, *top, *style, theme),
        }
    }
}

/// Draws a sentence in place of rows: why there are none. It goes on over the rows that there are; what
/// has no room even so is cut with a mark.
pub fn draw_empty(buf: &mut Buffer, area: Rect, sentence: &str, role: Role, theme: &Theme) {
    if area.width <= GUTTER {
        return;
    }
    let mut parts = wrap(sentence, usize::from(area.width - GUTTER)).into_iter();
    for (n, row) in area.rows().enumerate() {
        let last = n + 1 == usize::from(area.height);
        let part = if last { parts.by_ref().collect() } else { parts.next().unwrap_or_default() };
        let place = Place { x: row.x + GUTTER, y: row.y, width: row.width - GUTTER };
        put(buf, place, part.trim_end(), theme.style(role), theme);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::text::tests::{rows, theme};
    use proptest::prelude::*;

    const COLUMNS: [Column; 3] = [
        Column::flexible("name", 4, 12, 0),
        Column::fixed("cpu", 4, Align::Right, 1),
        Column::fixed("age", 3, Align::Right, 2),
    ];

    #[test]
    fn the_least_important_column_gives_way_first() {
        let kept = |cells| fit(&COLUMNS, cells).iter().map(Option::is_some).collect::<Vec<_>>();
        assert_eq!(kept(20), [true, true, true]);
        assert_eq!(kept(14), [true, true, false]);
        assert_eq!(kept(9), [true, false, false]);
    }

    #[test]
    fn rows_stand_under_their_headings() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 24, 3));
        let window = Window { rows: 2, selected: Some(1), focused: true, headed: true, ..Window::default() };
        let area = buf.area;
        draw(&mut buf, area, &COLUMNS, window, &theme(), |i| Row {
            cells: ["web-1", "12%", "4d"].map(|text| Cell::new(text, Style::new())).to_vec(),
            marked: i == 0,
        });
        assert_eq!(
            rows(&buf),
            ["  name         cpu  age ", " ◆web-1        12%   4d ", "▌ web-1        12%   4d "]
        );
    }

    proptest! {
        #[test]
        fn columns_never_overlap_or_pass_the_edge(cells in 0u16..200) {
            let mut end = 0;
            for (x, width) in fit(&COLUMNS, cells).into_iter().flatten() {
                prop_assert!(x >= end && x + width <= cells);
                end = x + width;
            }
        }
    }
}
