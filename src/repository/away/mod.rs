//! A repository that is elsewhere: the library's calls, which block, are carried out by a store that does not.
//!
//! Each file is content under its own checksum, or replaced whole, so asking again is harmless: what fails in
//! passing is asked again for a while, and only then told of.

mod rest;
mod s3;
mod sftp;
mod store;
mod web;

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use bytes::Bytes;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};
use tokio::runtime::Handle;

pub(super) use rest::Rest;
pub(super) use s3::{S3, Which};
pub(super) use sftp::Sftp;
pub(super) use store::StoreError;
use store::{Kind, Named, Part, Store};

use super::shelf::Shelf;

/// How long it waits before it asks again, each time.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// A store, and where its work is done.
#[derive(Clone, Debug)]
pub(super) struct Away {
    store: Arc<dyn Store>,
    tasks: Handle,
}

impl Away {
    /// Over a store. Within a tokio runtime that has more than the calling thread.
    pub(super) fn new(store: impl Store + 'static) -> Self {
        Self { store: Arc::new(store), tasks: Handle::current() }
    }

    /// Has it done elsewhere, and waits for it: this may be called on any thread, and by no runtime's leave.
    fn asked<T, F>(
        &self,
        doing: &str,
        ask: impl Fn(Arc<dyn Store>) -> F + Send + Sync + 'static,
    ) -> RusticResult<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let (tell, told) = sync_channel(1);
        let store = Arc::clone(&self.store);
        self.tasks.spawn(async move {
            // Nobody may wait for it any more.
            let _ = tell.send(again(|| ask(Arc::clone(&store))).await);
        });
        let found = told.recv().unwrap_or(Err(StoreError::Ended));
        found.map_err(|error| {
            let said = format!("cannot {doing} in {}", self.store.at());
            RusticError::with_source(ErrorKind::Backend, said, error)
        })
    }

    fn missing(&self, named: &Named) -> Box<RusticError> {
        RusticError::new(ErrorKind::Backend, format!("{named} is not in {}", self.store.at()))
    }

    fn read(&self, named: Named, part: Option<Part>) -> RusticResult<Option<Bytes>> {
        let what = format!("read {named}");
        self.asked(&what, move |store| {
            let named = named.clone();
            async move { store.read(&named, part).await }
        })
    }

    fn write(&self, named: Named, content: Bytes) -> RusticResult<()> {
        let what = format!("write {named}");
        self.asked(&what, move |store| {
            let (named, content) = (named.clone(), content.clone());
            async move { store.write(&named, content).await }
        })
    }

    fn take_away(&self, named: Named) -> RusticResult<()> {
        let what = format!("remove {named}");
        self.asked(&what, move |store| {
            let named = named.clone();
            async move { store.remove(&named).await }
        })
    }
}

/// Asks, and again where what failed may pass.
async fn again<T, F: Future<Output = Result<T, StoreError>>>(ask: impl Fn() -> F) -> Result<T, StoreError> {
    for pause in PAUSES {
        match ask().await {
            Err(error) if error.passes() => {
                tracing::debug!(%error, "a repository is asked again");
                tokio::time::sleep(pause).await;
            }
            done => return done,
        }
    }
    ask().await
}

fn kind(tpe: FileType) -> Kind {
    match tpe {
        FileType::Config => Kind::Config,
        FileType::Index => Kind::Index,
        FileType::Key => Kind::Keys,
        FileType::Snapshot => Kind::Snapshots,
        FileType::Pack => Kind::Data,
    }
}

fn named(tpe: FileType, id: &Id) -> Named {
    Named::new(kind(tpe), id)
}

impl ReadBackend for Away {
    fn location(&self) -> String {
        self.store.at()
    }

    fn list_with_size(&self, tpe: FileType) -> RusticResult<Vec<(Id, u32)>> {
        let small = |size: u64| u32::try_from(size).unwrap_or(u32::MAX);
        if tpe == FileType::Config {
            let config = Named::config();
            let size = self.asked("look for config", move |store| {
                let config = config.clone();
                async move { store.size(&config).await }
            })?;
            return Ok(size.map(|size| (Id::default(), small(size))).into_iter().collect());
        }
        let kind = kind(tpe);
        let all = self
            .asked(&format!("list {}", kind.folder()), move |store| async move { store.list(kind).await })?;
        // What is named otherwise is no file of the repository.
        Ok(all.into_iter().filter_map(|(name, size)| Some((name.parse().ok()?, small(size)))).collect())
    }

    fn read_full(&self, tpe: FileType, id: &Id) -> RusticResult<Bytes> {
        let named = named(tpe, id);
        self.read(named.clone(), None)?.ok_or_else(|| self.missing(&named))
    }

    fn read_partial(
        &self,
        tpe: FileType,
        id: &Id,
        _cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let named = named(tpe, id);
        let part = Part { offset, length };
        self.read(named.clone(), Some(part))?.ok_or_else(|| self.missing(&named))
    }

    fn warmup_path(&self, tpe: FileType, id: &Id) -> String {
        named(tpe, id).to_string()
    }
}

impl WriteBackend for Away {
    fn create(&self) -> RusticResult<()> {
        self.asked("make a repository", |store| async move { store.prepare().await })
    }

    fn write_bytes(&self, tpe: FileType, id: &Id, _cacheable: bool, content: BytesList) -> RusticResult<()> {
        let content = content.slice().concat();
        self.write(named(tpe, id), content.into())
    }

    fn remove(&self, tpe: FileType, id: &Id, _cacheable: bool) -> RusticResult<()> {
        self.take_away(named(tpe, id))
    }
}

impl Shelf for Away {
    fn locks(&self) -> RusticResult<Vec<Id>> {
        let all = self.asked("list locks", |store| async move { store.list(Kind::Locks).await })?;
        Ok(all.into_iter().filter_map(|(name, _)| name.parse().ok()).collect())
    }

    fn read_lock(&self, id: &Id) -> RusticResult<Option<Bytes>> {
        self.read(Named::new(Kind::Locks, id), None)
    }

    fn write_lock(&self, id: &Id, content: Bytes) -> RusticResult<()> {
        self.write(Named::new(Kind::Locks, id), content)
    }

    fn remove_lock(&self, id: &Id) -> RusticResult<()> {
        self.take_away(Named::new(Kind::Locks, id))
    }

    fn tidy(&self) -> RusticResult<()> {
        self.asked("tidy up", |store| async move { store.tidy().await })
    }

    fn room(&self) -> RusticResult<Option<u64>> {
        self.asked("look for room", |store| async move { store.room().await })
    }
}
