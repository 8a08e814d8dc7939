//! The way into a repository while a backup is taken: everything passes but the snapshot itself, which
//! is held back. Without it the rest is not a backup, only bytes that the next prune removes; so however
//! a run ends, there is no backup that is not whole.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustic_core::{BytesList, ErrorKind, FileType, Id, ReadBackend, RusticError, RusticResult, WriteBackend};

/// The way in.
#[derive(Debug)]
pub(super) struct Gate {
    inner: Arc<dyn WriteBackend>,
    held: Mutex<Option<(Id, BytesList)>>,
    stopped: Arc<AtomicBool>,
}

impl Gate {
    /// Before this repository; nothing more is written once `stopped` is set.
    pub(super) fn new(inner: Arc<dyn WriteBackend>, stopped: Arc<AtomicBool>) -> Self {
        Self { inner, held: Mutex::default(), stopped }
    }

    /// Lets the snapshot in that was held back. Whether there was one.
    pub(super) fn release(&self) -> RusticResult<bool> {
        self.going_on()?;
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        match held {
            Some((id, content)) => {
                self.inner.write_bytes(FileType::Snapshot, &id, true, content).map(|()| true)
            }
            None => Ok(false),
        }
    }

    fn going_on(&self) -> RusticResult<()> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(RusticError::new(ErrorKind::Other, "the backup was given up"));
        }
        Ok(())
    }
}

impl ReadBackend for Gate {
    fn location(&self) -> String {
        self.inner.location()
    }

    fn list_with_size(&self, tpe: FileType) -> RusticResult<Vec<(Id, u32)>> {
        self.inner.list_with_size(tpe)
    }

    fn list(&self, tpe: FileType) -> RusticResult<Vec<Id>> {
        self.inner.list(tpe)
    }

    fn read_full(&self, tpe: FileType, id: &Id) -> RusticResult<Bytes> {
        self.inner.read_full(tpe, id)
    }

    fn read_partial(
        &self,
        tpe: FileType,
        id: &Id,
        cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        self.inner.read_partial(tpe, id, cacheable, offset, length)
    }

    fn warmup_path(&self, tpe: FileType, id: &Id) -> String {
        self.inner.warmup_path(tpe, id)
    }
}

impl WriteBackend for Gate {
    fn create(&self) -> RusticResult<()> {
        self.inner.create()
    }

    fn write_bytes(&self, tpe: FileType, id: &Id, cacheable: bool, content: BytesList) -> RusticResult<()> {
        self.going_on()?;
        if tpe == FileType::Snapshot {
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some((*id, content));
            return Ok(());
        }
        self.inner.write_bytes(tpe, id, cacheable, content)
    }

    fn remove(&self, tpe: FileType, id: &Id, cacheable: bool) -> RusticResult<()> {
        self.going_on()?;
        self.inner.remove(tpe, id, cacheable)
    }
}
