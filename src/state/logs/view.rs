//! The lines that the page shows, in their order, and the rows that they take: what motions walk
//! over and what is drawn. Made anew for each use; it reads no more lines than it is asked for.

use ratatui::layout::Rect;

use super::LogsPage;
use super::column::{Columns, columns};
use super::layout::layout;
use super::place::{Frozen, Place, Top};
use super::render::{render, rows_of};
use crate::state::State;
use crate::store::logs::{Cursor, Entry, Flags, LogStore, Merged, SourceId};

/// The shown lines.
#[derive(Clone, Debug)]
pub struct View<'a> {
    store: &'a LogStore,
    page: &'a LogsPage,
    merged: Merged<'a>,
    /// The columns of a line.
    pub columns: Columns,
    /// Where the lines stand on the screen.
    pub area: Rect,
}

/// One row of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The line.
    pub entry: Entry<'a>,
    /// Which of the line's rows, from zero.
    pub part: usize,
}

impl<'a> View<'a> {
    /// The view of the page as it is.
    pub fn of(state: &'a State) -> Self {
        let page = &state.logs_page;
        let area = layout(page, state.size).lines;
        let hits = page.filters.narrow().then_some(&*page.passing.hits);
        Self {
            store: &state.logs,
            page,
            merged: state.logs.merged(&ids(page), hits),
            columns: columns(page, area.width),
            area,
        }
    }

    /// The shown lines from a place on.
    pub fn forward(&self, from: Cursor) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let (page, store) = (self.page, self.store);
        let end = self.end();
        self.merged
            .forward(from)
            .take_while(move |entry| entry.cursor < end)
            .filter(move |entry| shows(page, store, entry))
    }

    /// The shown lines before a place, newest first.
    pub fn backward(&self, from: Cursor) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let (page, store) = (self.page, self.store);
        self.merged.backward(from.min(self.end())).filter(move |entry| shows(page, store, entry))
    }

    /// Behind the last line that can be shown.
    pub fn end(&self) -> Cursor {
        self.frozen().map_or(Cursor::END, Frozen::end)
    }

    /// All lines that pass, folded or not, in their order.
    pub fn merged(&self) -> &Merged<'a> {
        &self.merged
    }

    /// The rows on the screen, from the top.
    pub fn rows(&self) -> Vec<Row<'a>> {
        let height = usize::from(self.area.height);
        let top = match &self.page.place {
            Place::Following => self.last_top(),
            Place::Paused { top, .. } => Some(*top),
        };
        let Some(top) = top else { return Vec::new() };
        // Where the line at the top is no longer there, none of the next one's rows is above.
        let skip = |entry: &Entry<'_>| if entry.cursor == top.cursor { top.skip } else { 0 };
        self.forward(top.cursor)
            .flat_map(|entry| (skip(&entry)..self.height_of(&entry)).map(move |part| Row { entry, part }))
            .take(height)
            .collect()
    }

    /// The top of the last screen; `None` where there is no line.
    pub fn last_top(&self) -> Option<Top> {
        self.top_above(self.end(), usize::from(self.area.height))
    }

    /// The top of a screen on which `rows` rows stand above a place; the first line where there
    /// are fewer.
    pub fn top_above(&self, place: Cursor, rows: usize) -> Option<Top> {
        let mut left = rows;
        let mut top = None;
        for entry in self.backward(place) {
            let height = self.height_of(&entry);
            top = Some(Top { cursor: entry.cursor, skip: height.saturating_sub(left) });
            if height >= left {
                break;
            }
            left -= height;
        }
        top
    }

    /// The top that stands `rows` rows further down, at most that of the last screen.
    pub fn top_below(&self, top: Top, rows: usize) -> Top {
        let mut left = rows + top.skip;
        let mut at = top;
        for entry in self.forward(top.cursor) {
            let height = self.height_of(&entry);
            at = Top { cursor: entry.cursor, skip: left.min(height - 1) };
            if height > left {
                break;
            }
            left -= height;
        }
        self.last_top().map_or(at, |last| at.min(last))
    }

    /// How many rows a line takes.
    pub fn height_of(&self, entry: &Entry<'_>) -> usize {
        if !self.page.wrap || entry.line.flags.has(Flags::GAP) {
            return 1;
        }
        let text = render(entry.line.text, self.page.raw).text;
        rows_of(&text, usize::from(self.columns.width))
    }

    /// The selected line, or where it stood: the last one while following.
    pub fn selected(&self) -> Option<Cursor> {
        match (&self.page.place, self.page.selected) {
            (Place::Paused { .. }, Some(selected)) => Some(selected),
            _ => self.backward(Cursor::END).next().map(|entry| entry.cursor),
        }
    }

    fn frozen(&self) -> Option<&'a Frozen> {
        match &self.page.place {
            Place::Following => None,
            Place::Paused { frozen, .. } => Some(frozen),
        }
    }
}

fn shows(page: &LogsPage, store: &LogStore, entry: &Entry<'_>) -> bool {
    let folded = entry.line.flags.has(Flags::CONTINUATION) && !page.folds.shows(store, entry.cursor);
    let late = matches!(&page.place, Place::Paused { frozen, .. } if !frozen.holds(entry.cursor));
    !folded && !late
}

/// The shown sources' names in the store.
pub fn ids(page: &LogsPage) -> Vec<SourceId> {
    page.shown.iter().map(|shown| shown.id).collect()
}
