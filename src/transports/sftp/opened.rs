//! A file or folder that is open at the other end.

use std::sync::Arc;

use russh_sftp::client::RawSftpSession;
use russh_sftp::client::error::Error;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

/// It, with its place among those that may be open. Dropping it closes it, and nobody waits for that.
pub(super) struct Opened {
    raw: Arc<RawSftpSession>,
    handle: String,
    permit: Option<OwnedSemaphorePermit>,
}

impl Opened {
    pub(super) fn new(
        raw: &Arc<RawSftpSession>,
        handle: String,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { raw: Arc::clone(raw), handle, permit }
    }

    /// What the server calls it.
    pub(super) fn handle(&self) -> &str {
        &self.handle
    }

    /// Closes it, and tells what became of that.
    pub(super) async fn close(mut self) -> Result<(), Error> {
        let handle = std::mem::take(&mut self.handle);
        self.raw.close(handle).await.map(drop)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let handle = std::mem::take(&mut self.handle);
        if let (false, Ok(tasks)) = (handle.is_empty(), Handle::try_current()) {
            let (raw, permit) = (Arc::clone(&self.raw), self.permit.take());
            tasks.spawn(async move {
                // One that cannot be closed ends with its session.
                let _ = raw.close(handle).await;
                drop(permit);
            });
        }
    }
}
