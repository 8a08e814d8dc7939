//! Which files a backup holds: those of its snapshot, and of an archive of tar among them what is in it. Of
//! an archive the headers alone are read, by their places: what stands between them is passed over.

use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rustic_core::repofile::{Node, NodeType};
use rustic_core::vfs::OpenFile;
use rustic_core::{IndexedFullStatus, Repository};

use super::vault::{blocking, by};
use super::write::Abandon;
use super::{RepositoryError, Vault};
use crate::domain::backup::Backup;
use crate::domain::file_list::{
    FileEntry, FileKind, FileList, FoundFile, FoundFiles, MOST_FOUND, Wanted, plain, within,
};
use crate::domain::quantity::Bytes as Size;
use crate::domain::text::{clean, shorten};
use crate::domain::time::Timestamp;

/// How much is read at a time: a header with those that stand before it has room in that.
const READ: usize = 64 * 1024;
/// How long a path is at most.
const LONGEST: usize = 4096;

type Open = Repository<IndexedFullStatus>;

impl Vault {
    /// The files of a backup in or below a folder, where one is named.
    pub async fn files(&self, backup: &Backup, under: &str) -> Result<FileList, RepositoryError> {
        let (backup, under) = (backup.clone(), plain(under).to_owned());
        self.looking(move |repository, stopped| {
            let mut list = FileList::default();
            let looked = Look { repository, stopped }.through(&backup, &mut |entry| {
                if within(&entry.path, &under) {
                    list.add(entry);
                }
            });
            looked?;
            list.sort();
            Ok(list)
        })
        .await
    }

    /// The files of these backups that are wanted; `told` is told of what was found after each, and says
    /// whether it goes on. A backup that cannot be read is named, and the others are looked through.
    pub async fn find(
        &self,
        backups: Vec<Backup>,
        wanted: Wanted,
        mut told: impl FnMut(&FoundFiles) -> ControlFlow<()> + Send + 'static,
    ) -> Result<FoundFiles, RepositoryError> {
        self.looking(move |repository, stopped| {
            let look = Look { repository, stopped };
            let mut found = FoundFiles { of: backups.len(), ..FoundFiles::default() };
            // What did not change since is not read again.
            let mut before: Option<(Vec<(OsString, String)>, Hits)> = None;
            for backup in &backups {
                let held = look.held(backup).map(|nodes| Look::contents(&nodes)).unwrap_or_default();
                let same = before.as_ref().filter(|(contents, _)| !held.is_empty() && *contents == held);
                let hits = if let Some((_, hits)) = same {
                    hits.clone()
                } else {
                    let mut hits = Hits::default();
                    let looked = look.through(backup, &mut |entry| hits.take(entry, &wanted));
                    match looked {
                        Err(RepositoryError::Stopped) => return Err(RepositoryError::Stopped),
                        Err(error) => found.unread.push((backup.key(), error.to_string())),
                        Ok(()) => before = Some((held, hits.clone())),
                    }
                    hits
                };
                found.left_out += hits.more;
                for file in hits.files {
                    found.add(FoundFile { backup: backup.key(), taken: backup.at, file });
                }
                found.looked += 1;
                if told(&found).is_break() {
                    return Err(RepositoryError::Stopped);
                }
            }
            Ok(found)
        })
        .await
    }

    /// Opens it for looking, on a thread that may block. Dropping what is given back ends it.
    async fn looking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Open, &AtomicBool) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, RepositoryError> {
        let key = self.key(false).await?;
        // Nobody is to prune what is read.
        let hold = self.hold_to_read().await?;
        let stopped = Arc::new(AtomicBool::new(false));
        let _abandon = Abandon(Arc::clone(&stopped));
        let vault = self.clone();
        blocking(move || {
            let _hold = hold;
            let repository = vault.open(vault.backend(), &by(key))?.to_indexed()?;
            work(&repository, &stopped)
        })
        .await
    }
}

/// What one backup has of what is wanted.
#[derive(Clone, Debug, Default)]
struct Hits {
    files: Vec<FileEntry>,
    more: u64,
}

impl Hits {
    fn take(&mut self, entry: FileEntry, wanted: &Wanted) {
        match (wanted.is(&entry.path), self.files.len() < MOST_FOUND) {
            (false, _) => {}
            (true, true) => self.files.push(entry),
            (true, false) => self.more += 1,
        }
    }
}

/// A look into backups.
struct Look<'a> {
    repository: &'a Open,
    stopped: &'a AtomicBool,
}

impl Look<'_> {
    /// The files of a snapshot, in the folder of its datastore's name; in none where restic took it by itself.
    fn held(&self, backup: &Backup) -> Result<Vec<Node>, RepositoryError> {
        let found = self.repository.get_snapshots(&[&backup.id])?;
        let snapshot = found.first().ok_or_else(|| RepositoryError::Cut(backup.short().to_owned()))?;
        let folder = Path::new("/").join(backup.datastore.as_str());
        let tree = match self.repository.node_from_path(snapshot.tree, &folder) {
            Ok(node) => node.subtree.unwrap_or(snapshot.tree),
            Err(_) => snapshot.tree,
        };
        Ok(self.repository.get_tree(&tree)?.nodes)
    }

    /// What the files are made of, by which two are the same.
    fn contents(nodes: &[Node]) -> Vec<(OsString, String)> {
        nodes.iter().map(|node| (node.name().into(), format!("{:?}", node.content))).collect()
    }

    /// Hands over each file of a backup.
    fn through(&self, backup: &Backup, each: &mut dyn FnMut(FileEntry)) -> Result<(), RepositoryError> {
        for node in self.held(backup)? {
            let name = node.name().to_string_lossy().into_owned();
            if matches!(node.node_type, NodeType::File) && name.strip_suffix(".tar").is_some() {
                self.archive(&node, each)?;
                continue;
            }
            let at = node.meta.mtime.as_ref().map(|at| Timestamp::from_millis(at.as_millisecond()));
            let kind = if node.subtree.is_some() { FileKind::Folder } else { FileKind::File };
            each(FileEntry { path: clean(&name).into_owned(), kind, bytes: Size(node.meta.size), at });
        }
        Ok(())
    }

    /// What is in an archive.
    fn archive(&self, node: &Node, each: &mut dyn FnMut(FileEntry)) -> Result<(), RepositoryError> {
        let open = self.repository.open_file(node)?;
        let lost = std::cell::RefCell::new(None);
        let bytes = Reader { look: self, open: &open, at: 0, held: (0, Bytes::new()), lost: &lost };
        let listed = entries(bytes, each);
        match (lost.take(), listed) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => {
                Err(RepositoryError::Unlisted(shorten(&clean(&error.to_string()), 200).into_owned()))
            }
            (None, Ok(())) => Ok(()),
        }
    }
}

/// Hands over what the headers of an archive tell.
fn entries(archive: impl Read + Seek, each: &mut dyn FnMut(FileEntry)) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries_with_seek()? {
        let mut entry = entry?;
        let mut path = entry.path_bytes().into_owned();
        let mut bytes = entry.size();
        // GNU tar writes the name and the size of a file with holes beside a name of its own making.
        for one in entry.pax_extensions()?.into_iter().flatten().flatten() {
            match one.key_bytes() {
                b"GNU.sparse.name" => path = one.value_bytes().to_vec(),
                b"GNU.sparse.realsize" | b"GNU.sparse.size" => {
                    bytes = one.value().ok().and_then(|it| it.parse().ok()).unwrap_or(bytes);
                }
                _ => {}
            }
        }
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            shorten(&clean(&text), LONGEST).into_owned()
        };
        let path = text(&path);
        let path = plain(&path);
        let header = entry.header();
        if path.is_empty() || header.entry_type().is_pax_global_extensions() {
            continue;
        }
        let kind = match header.entry_type() {
            it if it.is_dir() => FileKind::Folder,
            it if it.is_symlink() || it.is_hard_link() => {
                FileKind::Link(entry.link_name_bytes().map(|it| text(&it)).unwrap_or_default())
            }
            it if it.is_file() || it.is_contiguous() || it.is_gnu_sparse() => FileKind::File,
            _ => FileKind::Other,
        };
        let at = header.mtime().ok().and_then(|it| i64::try_from(it).ok()).map(Timestamp::from_secs);
        each(FileEntry { path: path.to_owned(), kind, bytes: Size(bytes), at });
    }
    Ok(())
}

/// An archive in the repository, read at any place.
struct Reader<'a> {
    look: &'a Look<'a>,
    open: &'a OpenFile,
    at: u64,
    held: (u64, Bytes),
    lost: &'a std::cell::RefCell<Option<RepositoryError>>,
}

impl Reader<'_> {
    fn lose(&self, error: RepositoryError) -> io::Error {
        *self.lost.borrow_mut() = Some(error);
        io::Error::other("it could not be read")
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.look.stopped.load(Ordering::Acquire) {
            return Err(self.lose(RepositoryError::Stopped));
        }
        let behind = self.at.checked_sub(self.held.0).filter(|by| *by < self.held.1.len() as u64);
        if behind.is_none() {
            let at = usize::try_from(self.at).map_err(io::Error::other)?;
            let read = self.look.repository.read_file_at(self.open, at, READ);
            self.held = (self.at, read.map_err(|error| self.lose(error.into()))?);
        }
        let from = usize::try_from(behind.unwrap_or(0)).map_err(io::Error::other)?;
        let there = self.held.1.get(from..).unwrap_or_default();
        let n = there.len().min(buf.len());
        // An archive says where it ends; what is read behind that is a cut one's.
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buf[..n].copy_from_slice(&there[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            // How long it is stands nowhere: what streamed in was not known to be so long.
            SeekFrom::End(_) => None,
        };
        self.at = at.ok_or(io::ErrorKind::Unsupported)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(bytes: &[u8]) -> io::Result<Vec<(String, FileKind, u64)>> {
        let mut all = Vec::new();
        entries(io::Cursor::new(bytes), &mut |it| all.push((it.path, it.kind, it.bytes.0)))?;
        Ok(all)
    }

    fn archive() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |path: &str, kind: tar::EntryType, link: Option<&str>, data: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(data.len() as u64);
            header.set_mtime(7);
            header.set_mode(0o644);
            match link {
                Some(to) => builder.append_link(&mut header, path, to).unwrap(),
                None => builder.append_data(&mut header, path, data).unwrap(),
            }
        };
        let long = format!("{}/deep", "d".repeat(180));
        add("./etc/", tar::EntryType::Directory, None, b"");
        add("./etc/big", tar::EntryType::Regular, None, &vec![1; 100_000]);
        add(&long, tar::EntryType::Regular, None, b"x");
        add("etc/link", tar::EntryType::Symlink, Some("big"), b"");
        add("etc/\u{1b}[2Jodd", tar::EntryType::Regular, None, b"");
        builder.into_inner().unwrap()
    }

    #[test]
    fn an_archive_is_listed_by_its_headers() {
        let all = listed(&archive()).unwrap();
        let long = format!("{}/deep", "d".repeat(180));
        assert_eq!(all[0], ("etc".to_owned(), FileKind::Folder, 0));
        assert_eq!(all[1], ("etc/big".to_owned(), FileKind::File, 100_000));
        assert_eq!(all[2], (long, FileKind::File, 1));
        assert_eq!(all[3], ("etc/link".to_owned(), FileKind::Link("big".to_owned()), 0));
        assert!(!all[4].0.contains('\u{1b}') && all[4].0.ends_with("odd"), "{:?}", all[4]);
    }

    #[test]
    fn what_is_no_archive_or_was_damaged_is_an_error() {
        let mut bytes = archive();
        bytes[600] ^= 1;
        assert!(listed(&bytes).is_err());
    }
}
