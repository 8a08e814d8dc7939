//! What a chart shows, in one row: its name, and of each series its mark, name and values. Every
//! part has its own cells whatever the values are, so that nothing moves while they change.

use ratatui::buffer::Buffer;

use super::Line;
use crate::theme::{Role, Theme};
use crate::widgets::text::{Align, Place, put, put_aligned, width};

/// The least cells for the name of the chart.
const TITLE: u16 = 15;
/// Cells for an age beside a value.
const AGE: u16 = 4;

/// What is told of a span beside the value.
const LABELS: [&str; 3] = ["min", "avg", "max"];
/// Which of them where there is room for all, for some, and for one: the peak is what one looks for.
const STATS: [&[usize]; 3] = [&[0, 1, 2], &[1, 2], &[2]];
const NONE: &[usize] = &[];

/// One series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number among the series.
    pub slot: usize,
    /// Its name.
    pub name: String,
    /// Its value now, or at the cursor; `-` where there is none.
    pub value: String,
    /// How old that is, where it is too old; else empty.
    pub age: String,
    /// The least, the mean and the greatest in what is shown, where there is anything.
    pub stats: Option<[String; 3]>,
    /// The cells that any of its values takes at most.
    pub cells: u16,
    /// Whether it is too old to be believed.
    pub stale: bool,
}

/// The name of a chart.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The name.
    pub title: &'a str,
    /// The cells that it has, as [`head_cells`] says.
    pub cells: u16,
    /// Whether the keys go to the chart.
    pub focused: bool,
}

/// The cells for the names of charts that stand above each other in so many: as many as the longest of
/// them needs, within two fifths of the row.
pub fn head_cells<'a>(titles: impl Iterator<Item = &'a str>, row: u16) -> u16 {
    let longest = titles.map(|title| width(title) + 3).max().unwrap_or(0);
    longest.clamp(TITLE, TITLE.max(row / 5 * 2))
}

/// Draws the row.
pub fn draw(buf: &mut Buffer, place: Place, head: &Head<'_>, entries: &[Entry], theme: &Theme) {
    let (title, cells) = (head.title, head.cells);
    let style = if head.focused { theme.bold(Role::Accent) } else { theme.bold(Role::Text) };
    let focused = head.focused;
    let head = Place { width: cells.min(place.width).saturating_sub(1), ..place };
    if focused {
        buf.set_string(place.x, place.y, theme.glyphs.cursor, theme.style(Role::Accent));
    }
    put(buf, Place { x: head.x + 1, width: head.width.saturating_sub(1), ..head }, title, style, theme);
    let mut rest = Place { x: place.x + cells, width: place.width.saturating_sub(cells), ..place };
    if entries.is_empty() || rest.width == 0 {
        return;
    }
    let all = |stats: &[usize], ages: bool| -> u16 {
        entries.iter().map(|entry| wide(entry, stats, ages) + 2).fold(0, u16::saturating_add)
    };
    let stats = *STATS.iter().find(|stats| all(stats, true) <= rest.width + 2).unwrap_or(&NONE);
    let ages = !stats.is_empty() || all(NONE, true) <= rest.width + 2;
    let fits = all(stats, ages) <= rest.width + 2;
    let share = rest.width / entries.len() as u16;
    for entry in entries {
        let wanted = wide(entry, stats, ages);
        let room = if fits { wanted } else { wanted.min(share.saturating_sub(2)) };
        one(buf, Place { width: room.min(rest.width), ..rest }, entry, stats, ages, theme);
        let step = (room + 2).min(rest.width);
        rest = Place { x: rest.x + step, width: rest.width - step, ..rest };
    }
}

fn wide(entry: &Entry, stats: &[usize], ages: bool) -> u16 {
    let stats = stats.len() as u16 * (entry.cells + 6);
    let age = if ages { AGE + 1 } else { 0 };
    2 + width(&entry.name) + 1 + entry.cells + age + stats
}

fn one(buf: &mut Buffer, place: Place, entry: &Entry, stats: &[usize], ages: bool, theme: &Theme) {
    let role = Line::role(entry.slot, entry.stale);
    let mark = theme.glyphs.series[entry.slot % theme.glyphs.series.len()];
    put(buf, Place { width: place.width.min(1), ..place }, mark, theme.style(role), theme);
    let fixed = wide(entry, stats, ages) - width(&entry.name);
    let name = place.width.saturating_sub(fixed);
    let mut x = place.x + 2;
    put(buf, Place { x, y: place.y, width: name }, &entry.name, theme.style(Role::Text), theme);
    x += name + 1;
    let end = place.x + place.width;
    let mut field = |buf: &mut Buffer, text: &str, cells: u16, align: Align, style| {
        if x + cells <= end {
            put_aligned(buf, Place { x, y: place.y, width: cells }, text, style, align, theme);
        }
        x += cells;
    };
    let value = if entry.stale { theme.style(Role::Stale) } else { theme.bold(Role::Text) };
    field(buf, &entry.value, entry.cells, Align::Right, value);
    if ages {
        field(buf, "", 1, Align::Left, value);
        field(buf, &entry.age, AGE, Align::Left, theme.style(Role::Stale));
    }
    for stat in stats {
        let text = entry.stats.as_ref().map_or("-", |values| &values[*stat]);
        field(buf, "", 2, Align::Left, value);
        field(buf, LABELS[*stat], 4, Align::Left, theme.style(Role::Muted));
        field(buf, text, entry.cells, Align::Right, theme.style(Role::Text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::text::tests::{rows, theme};
    use ratatui::layout::Rect;

    fn drawn(values: [&str; 3], cells: u16) -> String {
        let entry = |(slot, value): (usize, &str)| Entry {
            slot,
            name: format!("web-{slot}"),
            value: value.to_owned(),
            age: String::new(),
            stats: None,
            cells: 7,
            stale: false,
        };
        let entries: Vec<Entry> = values.into_iter().enumerate().map(entry).collect();
        let mut buf = Buffer::empty(Rect::new(0, 0, cells, 1));
        let head =
            Head { title: "disk read", cells: head_cells(["disk read"].into_iter(), cells), focused: false };
        draw(&mut buf, Place { x: 0, y: 0, width: cells }, &head, &entries, &theme());
        rows(&buf).concat()
    }

    #[test]
    fn nothing_moves_while_values_change() {
        let names = |values| drawn(values, 81).match_indices("web-").map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(names(["0B/s", "1.5M/s", "-"]), names(["1023K/s", "12B/s", "999M/s"]));
        assert_eq!(names(["-", "-", "-"]).len(), 3);
    }

    #[test]
    fn long_names_of_charts_are_whole_where_they_fit_and_leave_room_for_values() {
        let cells = |title, row| head_cells(["cpu", title].into_iter(), row);
        assert_eq!([cells("memory", 80), cells("net in of shop-web-1", 80)], [15, 23]);
        assert_eq!([cells(&"x".repeat(90), 80), cells(&"x".repeat(90), 20)], [32, 15]);
    }

    #[test]
    fn names_are_cut_before_values() {
        let row = drawn(["10M/s", "20M/s", "30M/s"], 54);
        assert!(["10M/s", "20M/s", "30M/s"].iter().all(|value| row.contains(value)), "{row}");
    }
}
