//! Bringing a file of a backup back: it is read, decrypted and checked on a thread that may block, and
//! comes as pieces.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::vault::{blocking, by};
use super::{RepositoryError, Vault};
use crate::domain::quantity::Bytes as Size;

/// How large a piece is at most.
const PIECE: usize = 1 << 20;
/// How many pieces wait at most.
pub const WAITING: usize = 16;

impl Vault {
    /// Brings a file of a backup, in the folder of its datastore's name; gives its size once all of it
    /// was handed over. Whoever takes the pieces must not take their end for the file's before this has
    /// ended well.
    pub async fn bring(
        &self,
        snapshot: &str,
        folder: &str,
        file: &str,
        to: mpsc::Sender<Bytes>,
    ) -> Result<Size, RepositoryError> {
        let key = self.key(false).await?;
        // Nobody is to prune what is read.
        let hold = self.hold_to_read().await?;
        let vault = self.clone();
        let path = Path::new("/").join(folder).join(file);
        let alone = Path::new("/").join(file);
        let (snapshot, file) = (snapshot.to_owned(), file.to_owned());
        let gone = Arc::new(AtomicBool::new(false));
        let noticed = Arc::clone(&gone);
        let brought = blocking(move || {
            let _hold = hold;
            let repository = vault.open(vault.backend(), &by(key))?.to_indexed()?;
            let found = repository.get_snapshots(&[&snapshot])?;
            let snapshot = found.first().ok_or_else(|| RepositoryError::Cut(snapshot.clone()))?;
            // Where restic took it by itself, it stands in no folder.
            let node = match repository.node_from_path(snapshot.tree, &path) {
                Ok(node) => node,
                Err(error) => repository
                    .node_from_path(snapshot.tree, &alone)
                    .map_err(|_| RepositoryError::from(error))?,
            };
            let mut out = Out { to, bytes: 0, gone: noticed };
            repository.dump(&node, &mut out)?;
            if out.bytes != node.meta.size && node.meta.size != 0 {
                return Err(RepositoryError::Differs { file, written: node.meta.size, found: out.bytes });
            }
            Ok(Size(out.bytes))
        })
        .await;
        match brought {
            Err(RepositoryError::Library(_)) if gone.load(Ordering::Acquire) => Err(RepositoryError::Stopped),
            brought => brought,
        }
    }
}

/// Hands over what is read.
struct Out {
    to: mpsc::Sender<Bytes>,
    bytes: u64,
    gone: Arc<AtomicBool>,
}

impl Write for Out {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        for piece in buf.chunks(PIECE) {
            if self.to.blocking_send(Bytes::copy_from_slice(piece)).is_err() {
                self.gone.store(true, Ordering::Release);
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes it any more"));
            }
        }
        self.bytes += buf.len() as u64;
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
