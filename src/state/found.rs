//! Files that were looked for in all backups of a datastore.

use ratatui::layout::Rect;

use super::filter::Filter;
use super::list::{List, Move};
use super::order::{Key, Order, Sorting};
use crate::domain::failure::Failure;
use crate::domain::file_list::{FoundFile, FoundFiles};
use crate::domain::ids::{BackupId, DatastoreId, RequestId};
use crate::domain::time::Timestamp;

/// Rows of the list's heading and its columns' names.
pub const HEADS: u16 = 2;
/// The orders of what was found: by backup, newest first; …
const ORDERS: &[Order] = &[Order::Usual, Order::Name, Order::Size, Order::Newest];

/// Which file of which backup.
pub type FoundId = (BackupId, String);

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct FoundPage {
    /// Of which datastore.
    pub of: Option<DatastoreId>,
    /// What is looked for, as it was typed.
    pub typed: String,
    /// What was found so far.
    pub found: FoundFiles,
    /// Since when it is looked; `None` once that is over.
    pub since: Option<Timestamp>,
    /// Why it ended before it was through.
    pub failure: Option<Failure>,
    /// What rows must hold.
    pub filter: Filter,
    /// What they are sorted by.
    pub order: Sorting<FoundId>,
    /// The selection.
    pub list: List<FoundId>,
    /// The rows, in order.
    pub rows: Vec<FoundId>,
    /// Whether it was given up for something else.
    pub given_up: bool,
    request: Option<RequestId>,
    body: Rect,
}

impl FoundPage {
    /// Begins to look.
    pub fn begin(&mut self, of: DatastoreId, typed: String, request: RequestId, now: Timestamp) {
        let body = self.body;
        *self =
            Self { of: Some(of), typed, since: Some(now), request: Some(request), body, ..Self::default() };
    }

    /// Takes what was found so far, and whether that is all; whether it was asked for here.
    pub fn answered(&mut self, request: RequestId, answer: Result<(FoundFiles, bool), Failure>) -> bool {
        if self.request != Some(request) {
            return false;
        }
        match answer {
            Ok((found, done)) => {
                self.found = found;
                if done {
                    (self.request, self.since) = (None, None);
                }
            }
            Err(failure) => (self.request, self.since, self.failure) = (None, None, Some(failure)),
        }
        self.settle(self.body);
        true
    }

    /// Something else is read in the place of what was not looked through yet.
    pub fn give_up(&mut self) {
        if self.request.take().is_some() {
            (self.since, self.given_up) = (None, true);
        }
    }

    /// A file by its row.
    pub fn get(&self, (backup, path): &FoundId) -> Option<&FoundFile> {
        self.found.files.iter().find(|it| it.backup == *backup && it.file.path == *path)
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&FoundFile> {
        self.list.selected.as_ref().and_then(|id| self.get(id))
    }

    /// Takes the size of the screen.
    pub fn settle(&mut self, body: Rect) {
        self.body = body;
        let passing = self.found.files.iter().filter(|it| {
            self.filter.passes(&[it.file.path.as_str(), it.backup.as_str(), &it.taken.minute()])
        });
        let mut files: Vec<&FoundFile> = passing.collect();
        let key = |order, it: &&FoundFile| match order {
            Order::Name => Key::Text(it.file.path.clone()),
            Order::Size => Key::Greatest(Some(it.file.bytes.0 as f64)),
            Order::Newest => Key::Greatest(it.file.at.map(|at| at.as_millis() as f64)),
            _ => Key::None,
        };
        self.order.sort(&mut files, |it| (it.backup.clone(), it.file.path.clone()), key);
        self.rows = files.iter().map(|it| (it.backup.clone(), it.file.path.clone())).collect();
        let height = self.height();
        self.list.settle(&self.rows, height);
    }

    /// Moves the selection.
    pub fn step(&mut self, by: Move) {
        let height = self.height();
        self.list.step(&self.rows, height, by);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, row: u16) -> bool {
        let (line, height) = (row.checked_sub(self.body.y + HEADS), self.height());
        line.is_some_and(|line| self.list.click(&self.rows, height, usize::from(line)))
    }

    /// Sorts by the next order.
    pub fn next_sort(&mut self) {
        self.order.next(ORDERS);
    }

    fn height(&self) -> usize {
        usize::from(self.body.height.saturating_sub(HEADS))
    }
}
