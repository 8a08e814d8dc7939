//! The files of a backup, a folder at a time; while a filter stands, all below the folder. They are read once
//! and walked through here; of a backup with more of them than there is room for, a folder is read anew.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::filter::Filter;
use super::list::{List, Move};
use super::order::{Key, Order, Sorting};
use crate::domain::failure::Failure;
use crate::domain::file_list::{FileEntry, FileKind, FileList, within};
use crate::domain::ids::{BackupId, DatastoreId, RequestId};
use crate::domain::quantity::Bytes;
use crate::domain::time::Timestamp;

/// Rows of the list's heading and its columns' names.
pub const HEADS: u16 = 2;
/// The orders of files: folders first, by name; …
const ORDERS: &[Order] = &[Order::Usual, Order::Size, Order::Newest];

/// The page's own state.
#[derive(Clone, Debug, Default)]
pub struct FilesPage {
    /// Of which backup of which datastore.
    pub of: Option<(DatastoreId, BackupId)>,
    /// How far reading them is.
    pub stand: Stand,
    /// The folder that is shown; empty for the top.
    pub folder: String,
    /// What rows must hold.
    pub filter: Filter,
    /// What they are sorted by.
    pub order: Sorting<String>,
    /// The selection, by path.
    pub list: List<String>,
    /// The rows, in order.
    pub rows: Vec<FileRow>,
    /// What is to be selected once they are here.
    pub wanted: Option<String>,
    keys: Vec<String>,
    /// Where one came in: going back from there leaves.
    root: String,
    /// Below what was asked for.
    under: String,
    request: Option<RequestId>,
    made_of: Option<(String, String, Order)>,
    body: Rect,
}

/// How far reading is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stand {
    /// Nothing is asked for.
    #[default]
    Nothing,
    /// They are read, since then.
    Reading(Timestamp),
    /// They could not be.
    Failed(Failure),
    /// They are here.
    Read(FileList),
}

/// A row: a file, or a folder with all that is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its path.
    pub path: String,
    /// What of it is shown.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// How large; of a folder all that is below.
    pub bytes: Bytes,
    /// How many files are below.
    pub files: u64,
    /// When it was last written.
    pub at: Option<Timestamp>,
}

impl FilesPage {
    /// Asks for the files of a backup below a folder, which is shown then; `afresh` where one comes from
    /// another page.
    pub fn begin(
        &mut self,
        of: (DatastoreId, BackupId),
        folder: &str,
        afresh: bool,
        request: RequestId,
        now: Timestamp,
    ) {
        let before = std::mem::take(self);
        let root = if afresh { folder.to_owned() } else { before.root };
        *self = Self {
            of: Some(of),
            stand: Stand::Reading(now),
            folder: folder.to_owned(),
            root,
            under: folder.to_owned(),
            request: Some(request),
            body: before.body,
            ..Self::default()
        };
    }

    /// Takes the answer, where it is to the last question; whether it was.
    pub fn answered(&mut self, request: RequestId, answer: Result<FileList, Failure>) -> bool {
        if self.request.take_if(|asked| *asked == request).is_none() {
            return false;
        }
        self.stand = match answer {
            Ok(list) => Stand::Read(list),
            Err(failure) => Stand::Failed(failure),
        };
        self.made_of = None;
        if let Some(path) = self.wanted.take() {
            self.list.select(path);
        }
        self.settle(self.body);
        true
    }

    /// Goes into a folder; gives back what has to be read for that.
    pub fn enter(&mut self, folder: &str) -> Option<String> {
        let Stand::Read(list) = &self.stand else { return None };
        let here = within(folder, &self.under) && (list.left_out == 0 || folder == self.under);
        if !here {
            return Some(folder.to_owned());
        }
        let from = std::mem::replace(&mut self.folder, folder.to_owned());
        self.filter = Filter::default();
        self.list = List::default();
        // Who goes up stands where they came from.
        if within(&from, folder) && from != folder {
            let rest = from.strip_prefix(folder).unwrap_or(&from).trim_start_matches('/');
            let name = rest.split('/').next().unwrap_or_default();
            self.list.select(join(folder, name));
        }
        self.settle(self.body);
        None
    }

    /// The folder above the shown one; `None` where one came in here.
    pub fn above(&self) -> Option<String> {
        (self.folder != self.root && !self.folder.is_empty())
            .then(|| self.folder.rsplit_once('/').map(|(above, _)| above.to_owned()).unwrap_or_default())
    }

    /// Whether an answer is waited for.
    pub const fn waits(&self) -> bool {
        self.request.is_some()
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&FileRow> {
        let path = self.list.selected.as_ref()?;
        self.rows.iter().find(|row| row.path == *path)
    }

    /// How many have no room in what was read.
    pub const fn left_out(&self) -> u64 {
        match &self.stand {
            Stand::Read(list) => list.left_out,
            _ => 0,
        }
    }

    /// Takes the size of the screen; makes the rows anew where folder, filter or order changed.
    pub fn settle(&mut self, body: Rect) {
        self.body = body;
        let made_of = (self.folder.clone(), self.filter.input.text().to_owned(), self.order.order());
        if self.made_of.as_ref() != Some(&made_of) {
            self.rows = match &self.stand {
                Stand::Read(list) => rows(list, &self.folder, &self.filter),
                _ => Vec::new(),
            };
            let key = |order, row: &FileRow| match order {
                Order::Size => Key::Greatest(Some(row.bytes.0 as f64)),
                Order::Newest => Key::Greatest(row.at.map(|at| at.as_millis() as f64)),
                _ => Key::None,
            };
            self.order.sort(&mut self.rows, |row| row.path.clone(), key);
            self.keys = self.rows.iter().map(|row| row.path.clone()).collect();
            self.made_of = Some(made_of);
        }
        let height = self.height();
        self.list.settle(&self.keys, height);
    }

    /// The paths of the rows, in order.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Moves the selection.
    pub fn step(&mut self, by: Move) {
        let height = self.height();
        self.list.step(&self.keys, height, by);
    }

    /// A click. Whether it hit a row.
    pub fn click(&mut self, row: u16) -> bool {
        let (line, height) = (row.checked_sub(self.body.y + HEADS), self.height());
        line.is_some_and(|line| self.list.click(&self.keys, height, usize::from(line)))
    }

    /// Sorts by the next order.
    pub fn next_sort(&mut self) {
        self.order.next(ORDERS);
    }

    fn height(&self) -> usize {
        usize::from(self.body.height.saturating_sub(HEADS))
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What is in a folder, folders first; while a filter stands, all below it that passes.
fn rows(list: &FileList, folder: &str, filter: &Filter) -> Vec<FileRow> {
    let below = list.entries.iter().filter_map(|it| {
        let rest = it.path.strip_prefix(folder).filter(|_| within(&it.path, folder))?;
        let rest = rest.trim_start_matches('/');
        (!rest.is_empty()).then_some((it, rest))
    });
    if !filter.is_empty() {
        let passing = below.filter(|(_, rest)| filter.passes(&[rest]));
        return passing.map(|(it, rest)| row(it, rest)).collect();
    }
    let mut by: BTreeMap<(bool, &str), FileRow> = BTreeMap::new();
    let mut folders: BTreeMap<&str, FileRow> = BTreeMap::new();
    for (it, rest) in below {
        match rest.split_once('/') {
            None if it.kind == FileKind::Folder => {
                folders.entry(rest).or_insert_with(|| row(it, rest)).at = it.at;
            }
            None => {
                by.insert((true, rest), row(it, rest));
            }
            Some((name, _)) => {
                let held = folders.entry(name).or_insert_with(|| FileRow {
                    path: join(folder, name),
                    name: name.to_owned(),
                    kind: FileKind::Folder,
                    bytes: Bytes(0),
                    files: 0,
                    at: None,
                });
                held.bytes = Bytes(held.bytes.0.saturating_add(it.bytes.0));
                held.files += u64::from(it.kind != FileKind::Folder);
            }
        }
    }
    by.extend(folders.into_iter().map(|(name, row)| ((false, name), row)));
    by.into_values().collect()
}

fn row(it: &FileEntry, name: &str) -> FileRow {
    FileRow {
        path: it.path.clone(),
        name: name.to_owned(),
        kind: it.kind.clone(),
        bytes: it.bytes,
        files: 0,
        at: it.at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::FailureKind;

    fn page(paths: &[(&str, u64)], left_out: u64) -> FilesPage {
        let mut list = FileList::default();
        for (path, bytes) in paths {
            let folder = path.ends_with('/');
            let kind = if folder { FileKind::Folder } else { FileKind::File };
            let path = path.trim_end_matches('/').to_owned();
            list.add(FileEntry { path, kind, bytes: Bytes(*bytes), at: None });
        }
        list.left_out = left_out;
        let mut page = FilesPage::default();
        page.settle(Rect::new(0, 1, 80, 22));
        page.begin(("web".into(), "3f".into()), "", true, RequestId(1), Timestamp::default());
        assert!(page.answered(RequestId(1), Ok(list)));
        page
    }

    fn names(page: &FilesPage) -> Vec<&str> {
        page.rows.iter().map(|row| row.name.as_str()).collect()
    }

    const TREE: &[(&str, u64)] = &[("etc/", 0), ("etc/hosts", 10), ("etc/ssl/key", 5), ("zz", 1), ("Aa", 2)];

    #[test]
    fn a_folder_is_entered_and_left_with_its_row_selected() {
        let mut page = page(TREE, 0);
        assert_eq!(names(&page), ["etc", "Aa", "zz"]);
        assert_eq!((page.rows[0].bytes, page.rows[0].files), (Bytes(15), 2));
        assert_eq!((page.enter("etc"), page.enter("etc/ssl")), (None, None));
        assert_eq!((names(&page), page.above()), (vec!["key"], Some("etc".to_owned())));
        assert_eq!(page.enter("etc"), None);
        assert_eq!((names(&page), page.list.selected.as_deref()), (vec!["ssl", "hosts"], Some("etc/ssl")));
        page.enter("");
        assert_eq!(page.above(), None);
    }

    #[test]
    fn a_filter_goes_through_all_below() {
        let mut page = page(TREE, 0);
        page.filter.input = super::super::text_input::TextInput::with("e");
        page.settle(Rect::new(0, 1, 80, 22));
        assert_eq!(names(&page), ["etc", "etc/hosts", "etc/ssl/key"]);
        page.enter("etc");
        assert_eq!(names(&page), ["ssl", "hosts"], "the filter is gone");
    }

    #[test]
    fn where_not_all_had_room_a_folder_is_read_anew() {
        let mut page = page(TREE, 7);
        assert_eq!(page.enter("etc").as_deref(), Some("etc"));
        assert_eq!((page.folder.as_str(), page.left_out()), ("", 7));
    }

    #[test]
    fn an_answer_to_what_was_left_is_ignored() {
        let mut page = page(TREE, 0);
        page.begin(("web".into(), "4a".into()), "", true, RequestId(2), Timestamp::default());
        assert!(!page.answered(RequestId(1), Ok(FileList::default())));
        assert!(page.rows.is_empty() || page.stand == Stand::Reading(Timestamp::default()));
        let failure = Failure::new(FailureKind::Invalid, "list", "damaged");
        assert!(page.answered(RequestId(2), Err(failure.clone())));
        assert_eq!(page.stand, Stand::Failed(failure));
    }
}
