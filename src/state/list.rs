//! A selection in rows that move: it holds on to what is selected by its id, never by its row. Until
//! somebody selects, goes there or marks, nothing is held on to: the first row counts, whichever it is,
//! so that what rose to the top is seen.

use std::collections::BTreeSet;

/// What is selected and marked in one list, and from which row it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<Id> {
    /// The selected row's id.
    pub selected: Option<Id>,
    /// The first row that is shown.
    pub first: usize,
    /// Marked rows.
    pub marked: BTreeSet<Id>,
    /// Where the selection stood when it was last seen, to select its neighbor when it is gone.
    index: usize,
    /// Whether a person chose.
    held: bool,
}

impl<Id> Default for List<Id> {
    fn default() -> Self {
        Self { selected: None, first: 0, marked: BTreeSet::new(), index: 0, held: false }
    }
}

/// A movement of the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// By so many rows, down where positive.
    Rows(isize),
    /// By so many pages, down where positive.
    Pages(isize),
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
}

impl<Id: Clone + Ord> List<Id> {
    /// Takes the rows as they are now, of which `height` are shown: what is gone is no longer
    /// marked, and a selection that is gone goes to the row that took its place. Where nobody chose, the
    /// first row is selected and shown.
    pub fn settle(&mut self, rows: &[Id], height: usize) {
        self.marked.retain(|id| rows.contains(id));
        if !self.held {
            (self.index, self.first) = (0, 0);
            self.selected = rows.first().cloned();
            return;
        }
        let found = self.selected.as_ref().and_then(|id| rows.iter().position(|row| row == id));
        self.index = found.unwrap_or(self.index).min(rows.len().saturating_sub(1));
        self.selected = rows.get(self.index).cloned();
        self.show(rows.len(), height);
    }

    /// What is selected now stays so wherever it goes: the keys went to the list, or what is selected was
    /// opened.
    pub const fn hold(&mut self) {
        self.held = true;
    }

    /// Selects a row by its id; it is found with the next rows.
    pub fn select(&mut self, id: Id) {
        self.selected = Some(id);
        self.held = true;
    }

    /// Nobody chose any more: the first of the next rows is selected.
    pub fn release(&mut self) {
        (self.selected, self.held) = (None, false);
    }

    /// Moves the selection; gives back whether it could.
    pub fn step(&mut self, rows: &[Id], height: usize, by: Move) -> bool {
        self.held = true;
        let last = rows.len().saturating_sub(1);
        let page = isize::try_from(height.max(2) - 1).unwrap_or(1);
        let to = match by {
            Move::Rows(n) => self.index.saturating_add_signed(n).min(last),
            Move::Pages(n) => self.index.saturating_add_signed(n * page).min(last),
            Move::Top => 0,
            Move::Bottom => last,
        };
        let moved = to != self.index;
        self.index = to;
        self.selected = rows.get(to).cloned();
        self.show(rows.len(), height);
        moved
    }

    /// Selects a row by its place on the screen, counted from the first that is shown.
    pub fn click(&mut self, rows: &[Id], height: usize, line: usize) -> bool {
        match rows.get(self.first + line) {
            Some(id) if line < height => {
                self.held = true;
                self.selected = Some(id.clone());
                self.index = self.first + line;
                true
            }
            _ => false,
        }
    }

    /// Marks or unmarks the selected row.
    pub fn mark(&mut self) {
        self.held = true;
        if let Some(id) = self.selected.clone()
            && !self.marked.remove(&id)
        {
            self.marked.insert(id);
        }
    }

    /// The marked rows, or the selected one where none is marked.
    pub fn chosen(&self) -> Vec<Id> {
        if self.marked.is_empty() {
            self.selected.iter().cloned().collect()
        } else {
            self.marked.iter().cloned().collect()
        }
    }

    /// The selected row's index, as of the last time the rows were seen.
    pub fn index(&self) -> Option<usize> {
        self.selected.as_ref().map(|_| self.index)
    }

    fn show(&mut self, rows: usize, height: usize) {
        let height = height.max(1);
        if self.index < self.first {
            self.first = self.index;
        } else if self.index >= self.first + height {
            self.first = self.index + 1 - height;
        }
        self.first = self.first.min(rows.saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_selection_follows_its_row_when_rows_move() {
        let mut list = List::default();
        list.settle(&["a", "b", "c"], 3);
        list.step(&["a", "b", "c"], 3, Move::Rows(1));
        list.settle(&["c", "a", "b"], 3);
        assert_eq!((list.selected, list.index()), (Some("b"), Some(2)));
    }

    /// What comes first is the worst, or what was sorted for.
    #[test]
    fn a_list_that_nobody_touched_stays_at_its_first_row() {
        let mut list = List::default();
        list.settle(&["c"], 1);
        list.settle(&["a", "b", "c"], 1);
        assert_eq!((list.selected, list.first), (Some("a"), 0));
        // From here on it holds on to that one.
        list.hold();
        list.settle(&["0", "a", "b", "c"], 2);
        assert_eq!((list.selected, list.first, list.index()), (Some("a"), 0, Some(1)));
        list.settle(&["0", "1", "a", "b", "c"], 2);
        assert_eq!((list.selected, list.first), (Some("a"), 1));
        list.release();
        list.settle(&["0", "1", "a"], 2);
        assert_eq!((list.selected, list.first), (Some("0"), 0));
    }

    #[test]
    fn a_selection_that_is_gone_goes_to_its_neighbor() {
        let mut list = List::default();
        list.settle(&["a", "b", "c"], 3);
        list.step(&["a", "b", "c"], 3, Move::Rows(1));
        list.settle(&["a", "c"], 3);
        assert_eq!(list.selected, Some("c"));
        list.settle(&[], 3);
        assert_eq!(list.selected, None);
    }

    proptest! {
        #[test]
        fn the_selection_is_always_shown(
            rows in 0usize..40,
            height in 1usize..12,
            moves in prop::collection::vec(-15isize..15, 0..12),
        ) {
            let rows: Vec<usize> = (0..rows).collect();
            let mut list = List::default();
            list.settle(&rows, height);
            for by in moves {
                list.step(&rows, height, Move::Rows(by));
                prop_assert_eq!(list.selected.is_none(), rows.is_empty());
                let index = list.index().unwrap_or(0);
                prop_assert!(rows.is_empty() || (list.first..list.first + height).contains(&index));
            }
        }
    }
}
