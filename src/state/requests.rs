//! The access logs of a page as a list: which of them are shown, in which order, and which is selected.

use super::filter::Filter;
use super::list::{List, Move};
use super::order::Sorting;
use super::panes::Wish;
use super::rows;
use crate::domain::access::AccessKey;
use crate::domain::log_source::{LogSource, LogStream};
use crate::store::fleet::Fleet;

/// The list.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// Those shown, in order.
    pub rows: Vec<AccessKey>,
    /// The selection among them.
    pub list: List<AccessKey>,
    /// What they are sorted by.
    pub order: Sorting<AccessKey>,
    /// How many there are, with those that the filter leaves out.
    pub all: usize,
}

impl Requests {
    /// Takes those that there are now.
    pub(super) fn take(&mut self, logs: Vec<AccessKey>, filter: &Filter, fleet: &Fleet) {
        self.all = logs.len();
        let passes = |key: &AccessKey| filter.passes(&[&key.label, key.server.as_str()]);
        self.rows = logs.into_iter().filter(passes).collect();
        rows::requests(&mut self.order, &mut self.rows, fleet);
    }

    /// Keeps the selection in sight, in so many rows.
    pub(super) fn settle(&mut self, height: usize) {
        self.list.settle(&self.rows, height);
    }

    /// Moves the selection; `false` where it is at its end.
    pub(super) fn step(&mut self, height: usize, by: Move) -> bool {
        self.list.step(&self.rows, height, by)
    }

    /// A click on one of the rows in sight. Whether it hit one.
    pub(super) fn click(&mut self, height: usize, line: usize) -> bool {
        self.list.click(&self.rows, height, line)
    }

    /// What is selected stays so.
    pub(super) const fn hold(&mut self) {
        self.list.hold();
    }

    /// Another of its orders.
    pub(super) fn next_sort(&mut self) {
        self.order.next(rows::REQUESTS);
    }

    /// What the pane asks for: a heading, and each log under its columns' names, or that there is none.
    pub(super) fn wish(&self, keys: bool) -> Wish {
        if self.all == 0 { Wish::list(1, 1, 1) } else { Wish::list(2, self.rows.len(), 2).with_keys(keys) }
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&AccessKey> {
        self.list.selected.as_ref()
    }
}

/// The file that an access log is, where it is configured; `None` where only its figures are known.
pub fn source(fleet: &Fleet, key: &AccessKey) -> Option<LogSource> {
    let files = &fleet.server(&key.server)?.setup.log_files;
    let (_, path) = files.iter().find(|(label, _)| *label == key.label)?;
    Some(LogSource { server: key.server.clone(), stream: LogStream::File { path: path.clone() } })
}
