//! The files that a backup holds, as rows: bounded, since a backup may hold millions.

use serde::{Deserialize, Serialize};

use super::ids::BackupId;
use super::quantity::Bytes;
use super::time::Timestamp;

/// How many files a list holds.
pub const MOST: usize = 50_000;
/// How many bytes of their paths.
const MOST_BYTES: usize = 8 << 20;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// One with bytes.
    File,
    /// A folder.
    Folder,
    /// A link, symbolic or not, and where it leads.
    Link(String),
    /// A device, a pipe, a socket.
    Other,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path without a slash before it, clean; a folder has none behind it either.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// How large it is; of a sparse one with its holes.
    pub bytes: Bytes,
    /// When it was last written, where that is known.
    pub at: Option<Timestamp>,
}

impl FileEntry {
    /// Its name without the folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Some files, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileList {
    /// Them, in the order of their paths once the list is whole.
    pub entries: Vec<FileEntry>,
    /// How many have no room in it.
    pub left_out: u64,
    bytes: usize,
}

impl FileList {
    /// Adds one, where there is room.
    pub fn add(&mut self, entry: FileEntry) {
        let bytes = self.bytes + entry.path.len();
        if self.entries.len() >= MOST || bytes > MOST_BYTES {
            self.left_out += 1;
            return;
        }
        self.bytes = bytes;
        self.entries.push(entry);
    }

    /// Orders them by path, a folder before what is in it.
    pub fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
    }
}

/// A path as entries have it: without what stands before and behind it.
pub fn plain(path: &str) -> &str {
    let mut path = path.trim_end_matches('/');
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
        path = rest;
    }
    if path == "." { "" } else { path }
}

/// Whether a path is that of `folder` or lies in it; all do in an empty one.
pub fn within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A file that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFile {
    /// In which backup.
    pub backup: BackupId,
    /// When that was taken.
    pub taken: Timestamp,
    /// The file.
    #[serde(flatten)]
    pub file: FileEntry,
}

/// What was found so far in the backups of a datastore, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundFiles {
    /// The files, by backup.
    pub files: Vec<FoundFile>,
    /// How many have no room in it.
    pub left_out: u64,
    /// How many backups were looked through.
    pub looked: usize,
    /// Of how many.
    pub of: usize,
    /// Those that could not be read to their end, and why.
    pub unread: Vec<(BackupId, String)>,
}

/// How many files a search finds.
pub const MOST_FOUND: usize = 2000;

impl FoundFiles {
    /// Adds one, where there is room.
    pub fn add(&mut self, file: FoundFile) {
        if self.files.len() < MOST_FOUND {
            self.files.push(file);
        } else {
            self.left_out += 1;
        }
    }
}

/// What is looked for: a part of the path in any case; where it has `*` or `?`, all of the name, or of the
/// path where it has a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    text: String,
    pattern: bool,
    whole: bool,
}

impl Wanted {
    /// As it is typed; `None` where that is nothing.
    pub fn read(typed: &str) -> Option<Self> {
        let text = typed.trim().to_lowercase();
        let pattern = text.contains(['*', '?']);
        let whole = text.contains('/');
        let text = if pattern { plain(&text).to_owned() } else { text.trim_start_matches('/').to_owned() };
        (!text.is_empty()).then_some(Self { text, pattern, whole })
    }

    /// Whether a file is one of those.
    pub fn is(&self, path: &str) -> bool {
        let path = path.to_lowercase();
        if !self.pattern {
            return path.contains(&self.text);
        }
        let name = if self.whole { path.as_str() } else { path.rsplit('/').next().unwrap_or(&path) };
        let (name, pattern): (Vec<char>, Vec<char>) = (name.chars().collect(), self.text.chars().collect());
        matches(&name, &pattern)
    }
}

/// Whether a name is as a pattern says, in which `*` stands for any characters and `?` for one. It takes as
/// many steps as one is long times the other, whatever they are.
fn matches(name: &[char], pattern: &[char]) -> bool {
    let (mut n, mut p) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                n += 1;
                p += 1;
            }
            _ => {
                let Some((after, from)) = back else { return false };
                back = Some((after, from + 1));
                (p, n) = (after, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_a_part_of_its_path_or_by_a_pattern() {
        let is = |typed: &str, path: &str| Wanted::read(typed).unwrap().is(path);
        assert!(is("HOSTS", "etc/hosts") && is("etc/h", "srv/etc/hosts") && is("/etc", "etc/hosts"));
        assert!(is("*.env", "srv/shop/prod.env") && !is("*.env", "srv/prod.env.bak"));
        assert!(is("h?sts", "etc/hosts") && !is("h?sts", "etc/hoosts"));
        assert!(is("srv/*/*.env", "srv/a/b/prod.env") && !is("srv/*.env", "etc/srv.env"));
        assert!(is("*a*b*c*", "xaxbxc") && !is("*a*b*c", "xaxbxcx"));
        assert!(is("ä*", "Ära"));
        assert_eq!((Wanted::read(" "), Wanted::read("/")), (None, None));
    }

    #[test]
    fn a_pattern_of_many_stars_is_not_slow() {
        let wanted = Wanted::read(&"*a".repeat(40)).unwrap();
        assert!(!wanted.is(&format!("{}b", "a".repeat(4000))));
    }

    #[test]
    fn a_list_has_room_for_so_many_and_counts_the_rest() {
        let mut list = FileList::default();
        let entry =
            |n: usize| FileEntry { path: n.to_string(), kind: FileKind::File, bytes: Bytes(0), at: None };
        (0..MOST + 3).for_each(|n| list.add(entry(n)));
        assert_eq!((list.entries.len(), list.left_out), (MOST, 3));
        let mut list = FileList::default();
        let long = FileEntry { path: "x".repeat(MOST_BYTES), ..entry(0) };
        list.add(long);
        list.add(entry(1));
        assert_eq!((list.entries.len(), list.left_out), (1, 1));
    }

    #[test]
    fn a_folder_stands_before_what_is_in_it() {
        let entry =
            |path: &str| FileEntry { path: path.to_owned(), kind: FileKind::File, bytes: Bytes(0), at: None };
        let mut list = FileList::default();
        ["a b", "a/c", "a"].map(entry).into_iter().for_each(|it| list.add(it));
        list.sort();
        assert_eq!(list.entries.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["a", "a/c", "a b"]);
        assert!(within("a/c", "a") && within("a", "a") && within("x", "") && !within("a b", "a"));
        assert_eq!((plain("./a/b/"), plain("/etc"), plain("./"), plain(".")), ("a/b", "etc", "", ""));
    }
}
