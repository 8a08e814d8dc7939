//! One datastore: how it stands, and its backups, newest first until another order is chosen. They are
//! those that the live picture holds, so the page is there at once, and says where they cannot be read.

use ratatui::layout::Rect;

use super::filter::Filter;
use super::list::{List, Move};
use super::order::Sorting;
use super::rows;
use crate::domain::backup::Backup;
use crate::domain::ids::{BackupId, DatastoreId};
use crate::domain::setup::DatastoreSetup;
use crate::domain::time::Timestamp;
use crate::store::fleet::Fleet;

/// Rows of the list's heading and its columns' names.
const HEADS: u16 = 2;
/// Rows of how it stands, at least.
const SUMMARY: u16 = 4;
/// The part of the page that they take at most.
const PART: u16 = 3;
/// Rows that tell more of the selected backup.
const DETAIL: u16 = 6;
/// Rows of the page from which on there is room for them.
const ROOMY: u16 = 18;

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct DatastorePage {
    /// Which.
    pub of: Option<DatastoreId>,
    /// What rows must hold.
    pub filter: Filter,
    /// What they are sorted by.
    pub order: Sorting<BackupId>,
    /// The selection.
    pub list: List<BackupId>,
    /// The backups shown, in order.
    pub rows: Vec<BackupId>,
    /// How many there are, with those that the filter leaves out.
    pub all: usize,
    body: Rect,
    /// Rows that how it stands would take, with its heading.
    stands: u16,
}

/// Where the parts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// How it stands.
    pub summary: Rect,
    /// Its backups, under a heading.
    pub list: Rect,
    /// More of the selected one.
    pub detail: Rect,
}

impl DatastorePage {
    /// Another datastore: nothing of the one before stays selected.
    pub fn open(&mut self, of: DatastoreId) {
        if self.of.as_ref() != Some(&of) {
            *self = Self { of: Some(of), body: self.body, ..Self::default() };
        }
    }

    /// Takes what is known now, on a screen of this size; `notes` are said of it besides.
    pub fn settle(&mut self, fleet: &Fleet, notes: usize, body: Rect, now: Timestamp) {
        self.body = body;
        let datastores = fleet.datastores();
        let setup = self.of.as_ref().and_then(|id| datastores.get(id));
        let backups = setup.map(|setup| datastores.backups(setup)).unwrap_or_default();
        self.all = backups.len();
        self.stands = setup.map_or(0, |setup| stands(fleet, setup, notes));
        let mut passing: Vec<&Backup> = backups.iter().filter(|it| passes(&self.filter, it, now)).collect();
        rows::backups(&mut self.order, &mut passing);
        self.rows = passing.into_iter().map(Backup::key).collect();
        let height = self.height();
        self.list.settle(&self.rows, height);
    }

    /// Where the parts are: what tells more follows the last row.
    pub fn areas(&self) -> Areas {
        let body = self.body;
        let wanted = self.stands.clamp(SUMMARY, SUMMARY.max(body.height / PART));
        let summary = Rect { height: wanted.min(body.height), ..body };
        let detail = if body.height < ROOMY { 0 } else { DETAIL };
        let room = body.height.saturating_sub(summary.height + detail);
        let wanted = u16::try_from(self.rows.len().max(1)).unwrap_or(u16::MAX).saturating_add(HEADS);
        let list = Rect { y: summary.bottom(), height: room.min(wanted), ..body };
        Areas { summary, list, detail: Rect { y: list.bottom(), height: detail, ..body } }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: Move) {
        let height = self.height();
        self.list.step(&self.rows, height, by);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, row: u16) -> bool {
        let line = row.checked_sub(self.areas().list.y + HEADS);
        let height = self.height();
        line.is_some_and(|line| self.list.click(&self.rows, height, usize::from(line)))
    }

    /// Sorts by the next order.
    pub fn next_sort(&mut self) {
        self.order.next(rows::BACKUPS);
    }

    fn height(&self) -> usize {
        usize::from(self.areas().list.height.saturating_sub(HEADS))
    }
}

/// The rows of how it stands: heading, health, drill and repository, and what only some have.
fn stands(fleet: &Fleet, setup: &DatastoreSetup, notes: usize) -> u16 {
    let datastores = fleet.datastores();
    let hinted = datastores.read_at(setup).1.is_some_and(|failure| failure.hint.is_some());
    let archive = if setup.archive.is_some() { 2 } else { 0 };
    let rows = 4 + notes + usize::from(hinted) + archive + datastores.schedules(setup).count();
    u16::try_from(rows).unwrap_or(u16::MAX)
}

/// Whether a backup is shown: by its id, its day, who, why, its release, run and set.
fn passes(filter: &Filter, it: &Backup, now: Timestamp) -> bool {
    if filter.is_empty() {
        return true;
    }
    let at = it.at.minute();
    let age = crate::domain::time::Age(it.at.age(now)).to_string();
    let mut texts = vec![it.id.as_str(), &at, &age, &it.by];
    texts.extend([&it.reason, &it.release, &it.run, &it.set].into_iter().filter_map(Option::as_deref));
    texts.extend(it.safety.then_some("replaced"));
    filter.passes(&texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_finds_a_backup_by_what_is_known_of_it() {
        let it = Backup {
            id: "3f2a".to_owned(),
            at: Timestamp::from_secs(0),
            by: "anna@laptop".to_owned(),
            release: Some("shop/12".to_owned()),
            ..Backup::default()
        };
        let passes = |text: &str| {
            let filter = Filter { input: super::super::text_input::TextInput::with(text), editing: false };
            super::passes(&filter, &it, Timestamp::from_secs(60))
        };
        for text in ["3f", "1970-01-01", "anna", "shop/12", "1m", "!replaced", ""] {
            assert!(passes(text), "{text}");
        }
        assert!(!passes("replaced") && !passes("shop/13"));
    }

    #[test]
    fn a_short_screen_is_left_to_the_list() {
        let page = |height| DatastorePage {
            body: Rect::new(0, 1, 80, height),
            rows: (0..40).map(|n| BackupId::from(n.to_string())).collect(),
            ..DatastorePage::default()
        };
        assert_eq!(page(13).areas().detail.height, 0);
        assert_eq!(page(13).height(), 7);
        let areas = page(22).areas();
        assert_eq!((areas.list.y, areas.list.height, areas.detail.bottom()), (5, 12, 23));
        // What has more to say of itself has a third of it.
        let page = DatastorePage { stands: 40, ..page(22) };
        assert_eq!((page.areas().summary.height, page.areas().list.height), (7, 9));
    }
}
