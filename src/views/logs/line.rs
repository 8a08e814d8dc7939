//! One row of a line: cursor, time, level, source, text with what is found in it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::time;
use crate::state::State;
use crate::state::logs::column::Columns;
use crate::state::logs::fold;
use crate::state::logs::render::{Rendered, breaks, render};
use crate::state::logs::view::Row;
use crate::store::logs::{Flags, SourceId};
use crate::theme::{Role, Theme};
use crate::widgets::level;
use crate::widgets::text::{Place, put, width};

/// The most places that are colored in one line: a pattern that matches everywhere must not cost
/// more than a row has cells.
const MOST_SPANS: usize = 400;

/// The colors of sources: those of charts that are not taken for a warning or an error.
const SOURCES: [Role; 4] = [Role::Series1, Role::Series4, Role::Series6, Role::Series3];

/// What all rows of a screen share.
pub struct Rows<'a> {
    pub state: &'a State,
    pub theme: &'a Theme,
    pub columns: &'a Columns,
    pub selected: bool,
}

impl Rows<'_> {
    /// Draws one row into its place, the whole width of the page.
    pub fn draw(&self, buf: &mut Buffer, place: Place, row: &Row<'_>) {
        if row.entry.line.flags.has(Flags::GAP) {
            self.gap(buf, place, row);
        } else {
            if row.part == 0 {
                self.head(buf, place, row);
            }
            self.bar(buf, place, row);
            self.text(buf, place, row);
        }
        self.margin(buf, place, row);
    }

    /// What stands before the text; a line that goes on with a record has none of it.
    fn head(&self, buf: &mut Buffer, place: Place, row: &Row<'_>) {
        let (theme, columns) = (self.theme, self.columns);
        let line = &row.entry.line;
        if line.flags.has(Flags::CONTINUATION) {
            return;
        }
        let mut x = place.x + 1;
        let mut column = |cells: u16| {
            let at = Place { x, y: place.y, width: cells };
            x += if cells == 0 { 0 } else { cells + 1 };
            at
        };
        let at = column(columns.time);
        put(buf, at, &time::clock(self.state, line.time, at.width), theme.style(Role::Muted), theme);
        level::draw(buf, column(columns.level), line.level, theme);
        let at = column(columns.name);
        if at.width > 0 {
            let name = self.order(row.entry.cursor.source).and_then(|n| columns.names.get(n));
            put(buf, at, name.map_or("", String::as_str), self.source_style(row.entry.cursor.source), theme);
        }
    }

    /// The bar in the color of the source, down all rows of a record.
    fn bar(&self, buf: &mut Buffer, place: Place, row: &Row<'_>) {
        let x = place.x + self.columns.text - 2;
        buf.set_string(x, place.y, self.theme.glyphs.bar, self.source_style(row.entry.cursor.source));
    }

    fn text(&self, buf: &mut Buffer, place: Place, row: &Row<'_>) {
        let (theme, page) = (self.theme, &self.state.logs_page);
        let line = &row.entry.line;
        let rendered = render(line.text, page.raw);
        let text = rendered.text.as_ref();
        let mut at = Place { x: place.x + self.columns.text, y: place.y, width: self.columns.width };
        let note = self.note(row);
        let cells = usize::from(at.width);
        let base = theme.style(Theme::level(line.level));
        let base = if line.flags.has(Flags::CONTINUATION) { theme.style(Role::Muted) } else { base };
        let range = if page.wrap {
            let starts = breaks(text, cells);
            let end = starts.get(row.part + 1).copied().unwrap_or(text.len());
            starts.get(row.part).copied().unwrap_or(text.len())..end
        } else {
            if let Some(note) = &note {
                at.width = at.width.saturating_sub(width(note) + 1);
            }
            window(text, page.shift, at.width)
        };
        let styles = Styles { base, name: theme.style(Role::Muted), found: self.found(text) };
        let cut_left = !page.wrap && range.start > 0;
        let cut_right = !page.wrap && range.end < text.len();
        let used = put_styled(buf, at, &rendered, range, &styles, theme);
        let mark = theme.style(Role::Accent);
        if cut_left && at.width > 0 {
            buf.set_stringn(at.x, at.y, theme.glyphs.ellipsis, 1, mark);
        }
        if cut_right && at.width > 0 {
            buf.set_stringn(at.x + at.width - 1, at.y, theme.glyphs.ellipsis, 1, mark);
        }
        if let Some(note) = note {
            let x = if page.wrap { at.x + used + 1 } else { at.x + used.min(at.width) + 1 };
            let end = place.x + place.width;
            put(
                buf,
                Place { x, y: at.y, width: end.saturating_sub(x) },
                &note,
                theme.style(Role::Accent),
                theme,
            );
        }
    }

    /// How many lines a folded record hides; how many cells before the screen's edge it takes.
    fn note(&self, row: &Row<'_>) -> Option<String> {
        let at = row.entry.cursor;
        if row.part > 0 || row.entry.line.flags.has(Flags::CONTINUATION) {
            return None;
        }
        if self.state.logs_page.folds.is_whole(at) {
            return None;
        }
        match fold::tail_len(&self.state.logs, at) {
            0 => None,
            n => Some(format!("{} {n} more", self.theme.glyphs.folded)),
        }
    }

    /// What is missing, as a rule over the whole row.
    fn gap(&self, buf: &mut Buffer, place: Place, row: &Row<'_>) {
        let theme = self.theme;
        let style = theme.style(Role::Degraded);
        let text = match row.entry.line.gap.and_then(|gap| gap.count) {
            Some(count) => format!(" {} ", missing(count)),
            None => " lines are missing here, nobody counted how many ".to_owned(),
        };
        let clock = time::clock(self.state, row.entry.line.time, self.columns.time);
        put(
            buf,
            Place { x: place.x + 1, width: self.columns.time, ..place },
            &clock,
            theme.style(Role::Muted),
            theme,
        );
        let start = place.x + 1 + self.columns.time + 1;
        for x in start..(place.x + place.width).saturating_sub(1) {
            buf.set_string(x, place.y, theme.glyphs.rule, style);
        }
        let name = self.order(row.entry.cursor.source).and_then(|n| self.columns.names.get(n));
        let text = match name {
            Some(name) if self.columns.name > 0 => format!(" {name}:{text}"),
            _ => text,
        };
        let at = Place { x: start + 2, y: place.y, width: (place.x + place.width).saturating_sub(start + 4) };
        put(buf, at, &text, style, theme);
    }

    /// The cursor or a mark at the left edge, and the ground of a selected row.
    fn margin(&self, buf: &mut Buffer, place: Place, row: &Row<'_>) {
        let theme = self.theme;
        let row_area = ratatui::layout::Rect { x: place.x, y: place.y, width: place.width, height: 1 };
        let marked = self.state.logs_page.marked.contains(&row.entry.cursor);
        if self.selected {
            buf.set_style(row_area, theme.selection(true));
        }
        let (glyph, role) = match (marked, self.selected) {
            (true, _) => (theme.glyphs.marked, Role::Marked),
            (false, true) => (theme.glyphs.cursor, Role::Accent),
            (false, false) => return,
        };
        buf.set_stringn(place.x, place.y, glyph, 1, theme.style(role));
    }

    /// The bytes of a text that are colored.
    fn found(&self, text: &str) -> Vec<Range<usize>> {
        let page = &self.state.logs_page;
        let patterns = page.colored.iter().chain(&page.sought);
        patterns.flat_map(|pattern| pattern.spans(text, MOST_SPANS)).collect()
    }

    fn order(&self, source: SourceId) -> Option<usize> {
        self.state.logs_page.shown.iter().position(|shown| shown.id == source)
    }

    fn source_style(&self, source: SourceId) -> Style {
        let order = self.order(source).unwrap_or(0);
        self.theme.style(SOURCES[order % SOURCES.len()])
    }
}

/// `1,204 lines are missing here`.
fn missing(count: u64) -> String {
    let lines = if count == 1 { "line is" } else { "lines are" };
    format!("{} {lines} missing here", crate::views::logs::chips::thousands(count))
}

/// The bytes of a text that stand in `cells` cells, moved to the left by `shift`.
fn window(text: &str, shift: u16, cells: u16) -> Range<usize> {
    let (mut x, mut start, mut end) = (0u32, None, 0);
    let (from, to) = (u32::from(shift), u32::from(shift) + u32::from(cells));
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = x + u32::from(width(grapheme));
        if next > to {
            break;
        }
        if x >= from {
            start.get_or_insert(at);
            end = at + grapheme.len();
        }
        x = next;
    }
    match start {
        Some(start) => start..end,
        None => text.len()..text.len(),
    }
}

struct Styles {
    base: Style,
    name: Style,
    found: Vec<Range<usize>>,
}

/// Writes a stretch of a text, each grapheme in its own style; gives back the cells that it took.
fn put_styled(
    buf: &mut Buffer,
    place: Place,
    rendered: &Rendered<'_>,
    range: Range<usize>,
    styles: &Styles,
    theme: &Theme,
) -> u16 {
    let mut used = 0;
    let found = Style::new().bg(theme.color(Role::Found)).add_modifier(Role::Found.plain());
    for (at, grapheme) in rendered.text[range.clone()].grapheme_indices(true) {
        let at = at + range.start;
        let cells = width(grapheme);
        if used + cells > place.width {
            break;
        }
        let named = rendered.names.iter().any(|name| name.contains(&at));
        let style = if named { styles.name } else { styles.base };
        let hit = styles.found.iter().any(|found| found.contains(&at));
        buf.set_stringn(
            place.x + used,
            place.y,
            grapheme,
            usize::from(cells),
            if hit { style.patch(found) } else { style },
        );
        used += cells;
    }
    used
}
