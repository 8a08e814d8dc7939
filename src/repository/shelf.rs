//! Where a repository's files are: what the library needs of it, and restic's locks beside, of which the
//! library knows nothing.

use bytes::Bytes;
use rustic_core::{Id, RusticResult, WriteBackend};

/// The folder of locks.
pub(super) const LOCKS: &str = "locks";

/// A place for the files of a repository.
pub(super) trait Shelf: WriteBackend {
    /// The names of the locks.
    fn locks(&self) -> RusticResult<Vec<Id>>;

    /// What a lock says; `None` where it is not there any more.
    fn read_lock(&self, id: &Id) -> RusticResult<Option<Bytes>>;

    /// Puts a lock there, whole or not at all.
    fn write_lock(&self, id: &Id, content: Bytes) -> RusticResult<()>;

    /// Takes a lock away; one that is not there any more is as good.
    fn remove_lock(&self, id: &Id) -> RusticResult<()>;

    /// Takes away what was begun and is no file. Only while nobody else writes.
    fn tidy(&self) -> RusticResult<()> {
        Ok(())
    }

    /// For how many bytes there is room; `None` where nobody says.
    fn room(&self) -> RusticResult<Option<u64>> {
        Ok(None)
    }

    /// Whether what one process has written is seen by all others at once.
    fn is_consistent(&self) -> bool {
        true
    }
}
