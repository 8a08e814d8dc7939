//! Taking a backup: what streams in is stored, read back and compared, and only then becomes a snapshot.

use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use jiff::tz::TimeZone;
use rustic_core::repofile::{Metadata, Node, NodeType, SnapshotFile};
use rustic_core::{
    BackupOptions, Credentials, IndexedFullStatus, ReadSource, ReadSourceEntry, Repository, RusticResult,
    SnapshotOptions, WriteBackend,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use super::gate::Gate;
use super::incoming::{Incoming, Sum};
use super::lock::Kind;
use super::vault::{blocking, by};
use super::{RepositoryError, Vault};
use crate::domain::quantity::Bytes as Size;
use crate::domain::time::Timestamp;

/// A file of a backup.
pub struct Entry {
    /// Its name, without a folder.
    pub name: String,
    /// What is in it.
    pub content: Content,
}

/// Where a file's bytes come from.
pub enum Content {
    /// They stream in; what went in is told when it is over.
    Stream(Incoming, oneshot::Receiver<Sum>),
    /// They are here.
    Here(Bytes),
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The folder that its files are in: the datastore's name.
    pub folder: String,
    /// The server that it is of.
    pub host: String,
    /// The operator.
    pub user: String,
    /// When it began.
    pub at: Timestamp,
    /// Its tags; a comma in one would make two of it.
    pub tags: Vec<String>,
    /// Why, in the operator's words.
    pub description: Option<String>,
}

/// A backup that was written, and read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The snapshot's id.
    pub id: String,
    /// How much was read.
    pub bytes: Size,
    /// By how much the repository grew.
    pub stored: Size,
}

/// Gives up what is under way on the other thread when it is dropped.
pub(super) struct Abandon(pub(super) Arc<AtomicBool>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Vault {
    /// Takes a backup of these files, in the order of their names; makes the repository where it is not
    /// there and `make` says so. Dropping what is given back leaves no snapshot, unless it was written
    /// whole already.
    pub async fn write(
        &self,
        label: Label,
        mut entries: Vec<Entry>,
        make: bool,
        reading_back: impl FnOnce() + Send + 'static,
    ) -> Result<Written, RepositoryError> {
        let key = self.key(make).await?;
        let hold = self.hold(Kind::Shared).await?;
        let vault = self.clone();
        let stopped = Arc::new(AtomicBool::new(false));
        let _abandon = Abandon(Arc::clone(&stopped));
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        blocking(move || {
            let _hold = hold;
            vault.store(&label, entries, &by(key), &stopped, reading_back)
        })
        .await
    }

    fn store(
        &self,
        label: &Label,
        entries: Vec<Entry>,
        key: &Credentials,
        stopped: &Arc<AtomicBool>,
        reading_back: impl FnOnce(),
    ) -> Result<Written, RepositoryError> {
        let backend = self.backend();
        let gate = Arc::new(Gate::new(Arc::clone(&backend), Arc::clone(stopped)));
        let over: Arc<dyn WriteBackend> = Arc::clone(&gate) as Arc<dyn WriteBackend>;
        let repository = self.open(over, key)?;
        let folder = Path::new("/").join(&label.folder);
        let (source, sums) = Stored::of(entries, &folder, label.at);
        let mut options = BackupOptions::default();
        // What streams in is always read; there is nothing that tells whether it changed.
        options.parent_opts.force = true;
        options.no_scan = true;
        let snapshot = label.snapshot()?;
        let written =
            repository.to_indexed_ids()?.archive(&options, &source, snapshot, std::slice::from_ref(&folder));
        if let Some(cut) = sums.iter().find(|it| !it.whole.load(Ordering::Acquire)) {
            // The library passes over what cannot be read, and would leave it out.
            return Err(match written {
                Err(error) => error.into(),
                Ok(_) if stopped.load(Ordering::Acquire) => RepositoryError::Stopped,
                Ok(_) => RepositoryError::Cut(cut.name.clone()),
            });
        }
        let written = written?;
        reading_back();
        let back = self.open(backend, key)?.to_indexed()?;
        for sum in sums {
            sum.compare(&back, &written, &folder, stopped)?;
        }
        if !gate.release()? {
            return Err(RepositoryError::Died);
        }
        let summary = written.summary.unwrap_or_default();
        Ok(Written {
            id: written.id.to_hex().as_str().to_owned(),
            bytes: Size(summary.total_bytes_processed),
            stored: Size(summary.data_added_packed),
        })
    }
}

impl Label {
    fn snapshot(&self) -> Result<SnapshotFile, RepositoryError> {
        let mut options = SnapshotOptions::default().host(self.host.clone());
        for tag in &self.tags {
            options = options.add_tags(&tag.replace(',', ";"))?;
        }
        let mut snapshot = options.to_snapshot()?;
        snapshot.username.clone_from(&self.user);
        concat!("midwatch ", env!("CARGO_PKG_VERSION")).clone_into(&mut snapshot.program_version);
        snapshot.description.clone_from(&self.description);
        if let Ok(at) = jiff::Timestamp::from_millisecond(self.at.as_millis()) {
            snapshot.time = at.to_zoned(TimeZone::UTC);
        }
        Ok(snapshot)
    }
}

/// What a file has to be when it is read back.
struct Expected {
    name: String,
    whole: Arc<AtomicBool>,
    sum: SumOf,
}

enum SumOf {
    Known(Sum),
    Told(oneshot::Receiver<Sum>),
}

impl Expected {
    fn compare(
        self,
        repository: &Repository<IndexedFullStatus>,
        snapshot: &SnapshotFile,
        folder: &Path,
        stopped: &Arc<AtomicBool>,
    ) -> Result<(), RepositoryError> {
        let expected = match self.sum {
            SumOf::Known(sum) => sum,
            SumOf::Told(sum) => sum.blocking_recv().map_err(|_| RepositoryError::Cut(self.name.clone()))?,
        };
        let node = repository.node_from_path(snapshot.tree, &folder.join(&self.name))?;
        let mut check = Checking { hash: Sha256::new(), bytes: 0, stopped: Arc::clone(stopped) };
        repository.dump(&node, &mut check)?;
        let found = check.bytes;
        if found != expected.bytes || <[u8; 32]>::from(check.hash.finalize()) != expected.hash {
            return Err(RepositoryError::Differs { file: self.name, written: expected.bytes, found });
        }
        Ok(())
    }
}

/// Takes what is read back, and keeps nothing of it but its sum.
struct Checking {
    hash: Sha256,
    bytes: u64,
    stopped: Arc<AtomicBool>,
}

impl Write for Checking {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(io::Error::other("the backup was given up"));
        }
        self.hash.update(buf);
        self.bytes += buf.len() as u64;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The files as the library wants them: each can be taken once.
struct Stored {
    entries: Mutex<Vec<ReadSourceEntry<Box<dyn Read + Send>>>>,
}

impl Stored {
    fn of(entries: Vec<Entry>, folder: &Path, at: Timestamp) -> (Self, Vec<Expected>) {
        let mtime = jiff::Timestamp::from_millisecond(at.as_millis()).ok();
        let mut sources = Vec::new();
        let mut sums = Vec::new();
        for Entry { name, content } in entries {
            let (open, whole, sum): (Box<dyn Read + Send>, _, _) = match content {
                Content::Stream(incoming, sum) => {
                    let whole = incoming.whole();
                    (Box::new(incoming), whole, SumOf::Told(sum))
                }
                Content::Here(bytes) => {
                    let sum = Sum { bytes: bytes.len() as u64, hash: Sha256::digest(&bytes).into() };
                    (Box::new(Cursor::new(bytes)), Arc::new(AtomicBool::new(true)), SumOf::Known(sum))
                }
            };
            let meta = Metadata { mode: Some(0o600), mtime, ..Metadata::default() };
            let node = Node::new_node(name.as_ref(), NodeType::File, meta);
            sources.push(ReadSourceEntry { path: folder.join(&name), node, open: Some(open) });
            sums.push(Expected { name, whole, sum });
        }
        (Self { entries: Mutex::new(sources) }, sums)
    }
}

impl ReadSource for Stored {
    type Open = Box<dyn Read + Send>;
    type Iter = std::vec::IntoIter<RusticResult<ReadSourceEntry<Self::Open>>>;

    fn size(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    fn entries(&self) -> Self::Iter {
        let taken = std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        taken.into_iter().map(Ok).collect::<Vec<_>>().into_iter()
    }
}
