//! One line of text in a row of cells, cut with a mark where it does not fit.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::theme::Theme;

/// A piece of text in one style.
pub type Piece<'a> = (std::borrow::Cow<'a, str>, Style);

/// A place in a row: where it starts, and how many cells there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// First column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// Cells.
    pub width: u16,
}

/// Where text stands in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// At the left.
    #[default]
    Left,
    /// At the right, as numbers do.
    Right,
}

/// Cells that a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// Writes one text and gives back how many cells it took.
pub fn put(buf: &mut Buffer, place: Place, text: &str, style: Style, theme: &Theme) -> u16 {
    let total = width(text);
    if place.width == 0 || total == 0 {
        return 0;
    }
    if total <= place.width {
        buf.set_stringn(place.x, place.y, text, usize::from(place.width), style);
        return total;
    }
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let cells = width(grapheme);
        if used + cells + 1 > place.width {
            break;
        }
        buf.set_stringn(place.x + used, place.y, grapheme, usize::from(cells), style);
        used += cells;
    }
    buf.set_stringn(place.x + used, place.y, theme.glyphs.ellipsis, 1, style);
    used + 1
}

/// Writes one text; where it does not fit, its middle gives way to the mark: of names that begin alike
/// the end tells which it is. Gives back how many cells it took.
pub fn put_ends(buf: &mut Buffer, place: Place, text: &str, style: Style, theme: &Theme) -> u16 {
    if width(text) <= place.width || place.width < 5 {
        return put(buf, place, text, style, theme);
    }
    let room = place.width - 1;
    let tail_room = room / 2;
    let mut tail = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        if width(&text[tail..]) + width(grapheme) > tail_room {
            break;
        }
        tail = at;
    }
    let mut head = 0;
    for grapheme in text.graphemes(true) {
        if width(&text[..head]) + width(grapheme) > room - tail_room {
            break;
        }
        head += grapheme.len();
    }
    let cut = format!("{}{}{}", &text[..head], theme.glyphs.ellipsis, &text[tail..]);
    put(buf, place, &cut, style, theme)
}

/// Writes pieces one after the other; the last that fits is cut with the mark.
pub fn put_pieces(buf: &mut Buffer, place: Place, pieces: &[Piece<'_>], theme: &Theme) -> u16 {
    let mut used = 0;
    for (text, style) in pieces {
        let rest = Place { x: place.x + used, y: place.y, width: place.width - used };
        used += put(buf, rest, text, *style, theme);
        if used >= place.width {
            break;
        }
    }
    used
}

/// Writes one text at the left or right of its place.
pub fn put_aligned(buf: &mut Buffer, place: Place, text: &str, style: Style, align: Align, theme: &Theme) {
    let shift = match align {
        Align::Left => 0,
        Align::Right => place.width.saturating_sub(width(text)),
    };
    put(buf, Place { x: place.x + shift, width: place.width - shift, ..place }, text, style, theme);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::theme::{Depth, file::ThemeFile};
    use ratatui::layout::Rect;

    /// A theme for widget tests.
    pub(crate) fn theme() -> Theme {
        Theme::new(&ThemeFile::shipped("dark").unwrap(), Depth::True, false)
    }

    /// The text of each row of a buffer.
    pub(crate) fn rows(buf: &Buffer) -> Vec<String> {
        (0..buf.area.height)
            .map(|y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>())
            .collect()
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_mark() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        let used = put(&mut buf, Place { x: 0, y: 0, width: 5 }, "midwatch", Style::new(), &theme());
        assert_eq!((used, rows(&buf)), (5, vec!["midw… ".to_owned()]));
    }

    #[test]
    fn names_that_begin_alike_are_told_apart_by_their_ends() {
        let cut = |text: &str| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
            let used = put_ends(&mut buf, Place { x: 0, y: 0, width: 12 }, text, Style::new(), &theme());
            assert!(used <= 12);
            rows(&buf)[0].clone()
        };
        assert_eq!(cut("shop-containers@web-1"), "shop-c…web-1");
        assert_eq!(cut("shop-containers@web-2"), "shop-c…web-2");
        assert_eq!(cut("as it is"), "as it is    ");
        assert_eq!(cut("漢字漢字漢字漢字").replace(' ', ""), "漢字漢…漢字");
    }

    #[test]
    fn a_wide_character_is_never_halved() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        put(&mut buf, Place { x: 0, y: 0, width: 4 }, "a漢字b", Style::new(), &theme());
        assert_eq!(rows(&buf)[0].replace(' ', ""), "a漢…");
    }
}
