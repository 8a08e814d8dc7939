//! A repository in a folder of this machine, laid out as restic's own: `config`, and a folder for each kind
//! of file, data in 256 more by the first two digits.
//!
//! A file is written beside, brought to the disk and renamed, and so is the name: it is there whole or not
//! at all. What cannot be listed is an error and not an empty list.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use rustic_core::{
    ALL_FILE_TYPES, BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend,
};

use super::shelf::{LOCKS, Shelf};

/// The folder.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    fn of(&self, tpe: FileType, id: &Id) -> PathBuf {
        let name = id.to_hex();
        match tpe {
            FileType::Config => self.0.clone(),
            FileType::Pack => self.0.join(tpe.dirname()).join(&name.as_str()[..2]),
            FileType::Index | FileType::Key | FileType::Snapshot => self.0.join(tpe.dirname()),
        }
    }

    fn path(&self, tpe: FileType, id: &Id) -> PathBuf {
        match tpe {
            FileType::Config => self.0.join("config"),
            _ => self.of(tpe, id).join(id.to_hex().as_str()),
        }
    }

    fn list(&self, tpe: FileType) -> io::Result<Vec<(Id, u32)>> {
        let mut found = Vec::new();
        let mut take = |entry: &DirEntry| -> io::Result<()> {
            let name = entry.file_name();
            // What is named otherwise is no file of the repository: one that was not finished, say.
            if let Some(id) = name.to_str().and_then(|name| name.parse::<Id>().ok()) {
                let len = entry.metadata()?.len();
                found.push((id, u32::try_from(len).unwrap_or(u32::MAX)));
            }
            Ok(())
        };
        let top = match fs::read_dir(self.0.join(tpe.dirname())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            top => top?,
        };
        for entry in top {
            let entry = entry?;
            if tpe == FileType::Pack && entry.file_type()?.is_dir() {
                for entry in fs::read_dir(entry.path())? {
                    take(&entry?)?;
                }
            } else {
                take(&entry)?;
            }
        }
        Ok(found)
    }
}

fn failed(path: &Path, doing: &str) -> impl FnOnce(io::Error) -> Box<RusticError> {
    let said = format!("cannot {doing} {}", path.display());
    move |error| RusticError::with_source(ErrorKind::Backend, said, error)
}

fn part(path: &Path, offset: u32, length: u32) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset.into()))?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn make(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Beside, to the disk, then in its place.
fn put(folder: &Path, path: &Path, content: &BytesList) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!("-{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = (|| {
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        for bytes in content.slice() {
            file.write_all(bytes)?;
        }
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // Where it is not there, there is nothing to remove.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether a name is one that [`put`] gave to what it had not finished.
fn is_unfinished(name: &str) -> bool {
    let parts = name.strip_suffix(".new").and_then(|it| it.rsplit_once('-'));
    parts.is_some_and(|(of, pid)| (of == "config" || of.parse::<Id>().is_ok()) && pid.parse::<u32>().is_ok())
}

/// Removes from a folder what was not finished there.
fn tidied(folder: &Path) -> io::Result<()> {
    let all = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        all => all?,
    };
    for entry in all {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_unfinished) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl ReadBackend for Folder {
    fn location(&self) -> String {
        self.0.display().to_string()
    }

    fn list_with_size(&self, tpe: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let path = self.0.join(tpe.dirname());
        if tpe == FileType::Config {
            return match fs::metadata(&path) {
                Ok(it) => Ok(vec![(Id::default(), u32::try_from(it.len()).unwrap_or(u32::MAX))]),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(failed(&path, "read")(error)),
            };
        }
        Self::list(self, tpe).map_err(failed(&path, "list"))
    }

    fn read_full(&self, tpe: FileType, id: &Id) -> RusticResult<Bytes> {
        let path = self.path(tpe, id);
        fs::read(&path).map(Bytes::from).map_err(failed(&path, "read"))
    }

    fn read_partial(
        &self,
        tpe: FileType,
        id: &Id,
        _cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let path = self.path(tpe, id);
        part(&path, offset, length).map(Bytes::from).map_err(failed(&path, "read"))
    }

    fn warmup_path(&self, tpe: FileType, id: &Id) -> String {
        self.path(tpe, id).display().to_string()
    }
}

impl WriteBackend for Folder {
    fn create(&self) -> RusticResult<()> {
        for tpe in ALL_FILE_TYPES {
            let path = self.0.join(tpe.dirname());
            make(&path).map_err(failed(&path, "make"))?;
        }
        Ok(())
    }

    fn write_bytes(&self, tpe: FileType, id: &Id, _cacheable: bool, content: BytesList) -> RusticResult<()> {
        let (folder, path) = (self.of(tpe, id), self.path(tpe, id));
        make(&folder).map_err(failed(&folder, "make"))?;
        put(&folder, &path, &content).map_err(failed(&path, "write"))
    }

    fn remove(&self, tpe: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        let path = self.path(tpe, id);
        fs::remove_file(&path).map_err(failed(&path, "remove"))
    }
}

impl Folder {
    fn lock(&self, id: &Id) -> PathBuf {
        self.0.join(LOCKS).join(id.to_hex().as_str())
    }
}

impl Shelf for Folder {
    fn locks(&self) -> RusticResult<Vec<Id>> {
        let path = self.0.join(LOCKS);
        let all = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            all => all.map_err(failed(&path, "list"))?,
        };
        let names = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<Id>().ok());
        Ok(names.collect())
    }

    fn read_lock(&self, id: &Id) -> RusticResult<Option<Bytes>> {
        let path = self.lock(id);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, "read")(error)),
        }
    }

    fn write_lock(&self, id: &Id, content: Bytes) -> RusticResult<()> {
        let (folder, path) = (self.0.join(LOCKS), self.lock(id));
        make(&folder).map_err(failed(&folder, "make"))?;
        put(&folder, &path, &content.into()).map_err(failed(&path, "write"))
    }

    fn remove_lock(&self, id: &Id) -> RusticResult<()> {
        let path = self.lock(id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path, "remove")(error)),
            _ => Ok(()),
        }
    }

    /// A lock may be taken at any time: what lies beside one is left.
    fn tidy(&self) -> RusticResult<()> {
        let data = self.0.join(FileType::Pack.dirname());
        let mut folders = vec![self.0.clone(), data.clone()];
        folders
            .extend([FileType::Key, FileType::Snapshot, FileType::Index].map(|it| self.0.join(it.dirname())));
        let within = match fs::read_dir(&data) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            within => Some(within.map_err(failed(&data, "list"))?),
        };
        for it in within.into_iter().flatten() {
            let path = it.map_err(failed(&data, "list"))?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        for folder in folders {
            tidied(&folder).map_err(failed(&folder, "tidy up"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_finished_goes_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Folder(folder.path().to_owned());
        shelf.tidy().unwrap();
        shelf.create().unwrap();
        let id = "0123456789abcdef".repeat(4);
        let data = folder.path().join("data/01");
        fs::create_dir_all(&data).unwrap();
        fs::create_dir_all(folder.path().join(LOCKS)).unwrap();
        let put = |path: &str| fs::write(folder.path().join(path), "half").unwrap();
        let goes =
            ["config-12.new".to_owned(), format!("data/01/{id}-7.new"), format!("index/{id}-4000000.new")];
        let stays = [
            "config".to_owned(),
            format!("data/01/{id}"),
            format!("snapshots/{id}"),
            format!("data/01/{id}.new"),
            "data/01/notes-7.new".to_owned(),
            format!("locks/{id}-7.new"),
        ];
        goes.iter().chain(&stays).for_each(|it| put(it));
        shelf.tidy().unwrap();
        let there = |path: &String| folder.path().join(path).exists();
        assert!(!goes.iter().any(there) && stays.iter().all(there));
    }
}
