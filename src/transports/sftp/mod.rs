//! The files of a server by SFTP, the third version of it: a session on its one connection, with many
//! requests under way at a time.
//!
//! Lives here: requests, how many at a time, what an answer means. Not here: what the files are for.

mod content;
mod ended;
mod error;
mod opened;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh_sftp::client::error::Error;
use russh_sftp::client::{Config, RawSftpSession};
use russh_sftp::protocol::{FileAttributes, OpenFlags, Packet, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Transport, TransportError};
use ended::Watched;

pub use error::SftpError;
use opened::Opened;

/// The subsystem's name.
pub const NAME: &str = "sftp";

/// How long a session may take to begin.
const BEGIN: Duration = Duration::from_secs(20);
/// How long a request may go unanswered, with those before it on a slow line. A connection that is gone is
/// noticed long before.
const REQUEST_SECS: u64 = 120;
/// How long a connection that is closed has to say why.
const CLOSED: Duration = Duration::from_secs(1);
/// How many bytes are read or written at a time.
const PIECE: u32 = 64 * 1024;
/// The same where the server does not say what it takes; every one has to take that.
const SMALL: u32 = 32 * 1024;
/// How many pieces are under way at a time, so that a long way is filled: 50 ms away that is 60 MB/s.
const PIECES: usize = 48;
/// How many files and folders are open at a time. OpenSSH counts them from 0, and the library takes what names
/// one for UTF-8, which it is up to 127.
const OPEN: usize = 32;
/// The most that a folder may have.
const MOST: usize = 4_000_000;
/// Only whoever writes them reads files and enters folders.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

const FSYNC: &str = "fsync@openssh.com";
const LIMITS: &str = "limits@openssh.com";
const RENAME: &str = "posix-rename@openssh.com";
const STATVFS: &str = "statvfs@openssh.com";

/// A session.
pub struct Sftp {
    raw: Arc<RawSftpSession>,
    transport: Arc<dyn Transport>,
    /// Bytes that one request reads, and that one writes.
    read: u32,
    write: u32,
    knows: Knows,
    open: Arc<Semaphore>,
    pieces: Semaphore,
    /// The stream is over: nothing is answered any more.
    ended: CancellationToken,
    lost: AtomicBool,
}

/// What the server has beside the protocol.
#[derive(Clone, Copy, Debug, Default)]
struct Knows {
    fsync: bool,
    rename: bool,
    statvfs: bool,
}

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// How large it is, where the server says.
    pub bytes: Option<u64>,
    /// Whether it is a folder.
    pub folder: bool,
}

/// What there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes.
    pub bytes: u64,
    /// Files; `None` where the file system does not count them.
    pub files: Option<u64>,
}

impl std::fmt::Debug for Sftp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sftp").field("knows", &self.knows).finish_non_exhaustive()
    }
}

impl Sftp {
    /// Begins a session.
    pub async fn begin(transport: Arc<dyn Transport>) -> Result<Self, TransportError> {
        let begun = timeout(BEGIN, Self::greet(transport)).await;
        begun.unwrap_or_else(|_| {
            Err(TransportError::Deadline { what: "the beginning of SFTP".to_owned(), after: BEGIN })
        })
    }

    async fn greet(transport: Arc<dyn Transport>) -> Result<Self, TransportError> {
        let stream = transport.subsystem(NAME).await?;
        let config = Config { request_timeout_secs: REQUEST_SECS, ..Config::default() };
        let ended = CancellationToken::new();
        let raw = RawSftpSession::new_with_config(Watched::new(stream, ended.clone()), config);
        let nonsense = |error: Error| {
            tracing::debug!(%error, "a server does not begin SFTP");
            let why = "its answer makes no sense".to_owned();
            TransportError::Subsystem { name: NAME.to_owned(), why }
        };
        let has = raw.init().await.map_err(nonsense)?.extensions;
        let has = |name: &str| has.contains_key(name);
        let knows = Knows { fsync: has(FSYNC), rename: has(RENAME), statvfs: has(STATVFS) };
        let (mut read, mut write) = (SMALL, SMALL);
        if has(LIMITS) {
            let limits = raw.limits().await.map_err(nonsense)?;
            // Nothing said is no limit.
            let least =
                |limit: u64| u32::try_from(limit).ok().filter(|it| *it > 0).unwrap_or(PIECE).min(PIECE);
            (read, write) = (least(limits.max_read_len), least(limits.max_write_len));
        }
        Ok(Self {
            raw: Arc::new(raw),
            transport,
            read,
            write,
            knows,
            open: Arc::new(Semaphore::new(OPEN)),
            pieces: Semaphore::new(PIECES),
            ended,
            lost: AtomicBool::new(false),
        })
    }

    /// Whether it is known to be gone.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) || self.ended.is_cancelled() || self.transport.is_closed()
    }

    /// The answer to a request; an error as soon as none can come. The library itself forgets a request that is
    /// made while its stream ends, and would wait for as long as one may go unanswered.
    async fn asked<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.ended.cancelled() => Err(Error::UnexpectedBehavior("its stream ended".to_owned())),
        }
    }

    /// What an error means.
    async fn told(&self, path: &str, error: Error) -> SftpError {
        let told = SftpError::of(path, error);
        let SftpError::Lost(_) = told else { return told };
        self.lost.store(true, Ordering::Relaxed);
        if self.transport.is_closed()
            && let Ok(why) = timeout(CLOSED, self.transport.closed()).await
        {
            return SftpError::Lost(why.to_string());
        }
        told
    }

    async fn open(&self, path: &str, flags: OpenFlags) -> Result<Opened, SftpError> {
        // As many permits as there are; the semaphore is never closed.
        let permit = Arc::clone(&self.open).acquire_owned().await.ok();
        let write = flags.contains(OpenFlags::WRITE);
        let attributes =
            FileAttributes { permissions: write.then_some(FILE_MODE), ..FileAttributes::empty() };
        match self.asked(self.raw.open(path, flags, attributes)).await {
            Ok(it) => Ok(Opened::new(&self.raw, it.handle, permit)),
            Err(error) => Err(self.told(path, error).await),
        }
    }

    /// How large a file is; `None` where there is none. A folder has some size, too.
    pub async fn size(&self, path: &str) -> Result<Option<u64>, SftpError> {
        match self.asked(self.raw.stat(path)).await {
            Ok(it) => Ok(Some(it.attrs.size.unwrap_or(0))),
            Err(error) => match self.told(path, error).await {
                SftpError::NotThere(_) => Ok(None),
                told => Err(told),
            },
        }
    }

    /// What is in a folder; `None` where there is none.
    pub async fn list(&self, path: &str) -> Result<Option<Vec<Item>>, SftpError> {
        let permit = Arc::clone(&self.open).acquire_owned().await.ok();
        let folder = match self.asked(self.raw.opendir(path)).await {
            Ok(it) => Opened::new(&self.raw, it.handle, permit),
            Err(error) => match self.told(path, error).await {
                SftpError::NotThere(_) => return Ok(None),
                told => return Err(told),
            },
        };
        let mut items = Vec::new();
        loop {
            match self.asked(self.raw.readdir(folder.handle())).await {
                Ok(more) => items.extend(more.files.into_iter().map(|it| Item {
                    folder: it.attrs.is_dir(),
                    bytes: it.attrs.size,
                    name: it.filename,
                })),
                Err(Error::Status(it)) if it.status_code == StatusCode::Eof => break,
                Err(error) => return Err(self.told(path, error).await),
            }
            if items.len() > MOST {
                let said = format!("it holds more than {MOST} files");
                return Err(SftpError::Refused { path: path.to_owned(), said });
            }
        }
        items.retain(|it| it.name != "." && it.name != "..");
        Ok(Some(items))
    }

    /// Gives a file another name, in the place of what has it where the server knows how; where it does not,
    /// a name that is taken is refused.
    pub async fn rename(&self, from: &str, to: &str) -> Result<(), SftpError> {
        let renamed = if self.knows.rename {
            let mut words = Vec::with_capacity(8 + from.len() + to.len());
            for word in [from, to] {
                words.extend(u32::try_from(word.len()).unwrap_or(u32::MAX).to_be_bytes());
                words.extend(word.as_bytes());
            }
            match self.asked(self.raw.extended(RENAME, words)).await {
                Ok(Packet::Status(it)) if it.status_code == StatusCode::Ok => Ok(()),
                Ok(Packet::Status(it)) => Err(Error::Status(it)),
                Ok(_) => Err(Error::UnexpectedPacket),
                Err(error) => Err(error),
            }
        } else {
            self.asked(self.raw.rename(from, to)).await.map(drop)
        };
        match renamed {
            Ok(()) => Ok(()),
            Err(error) => Err(self.told(to, error).await),
        }
    }

    /// Removes a file; one that is not there is as good.
    pub async fn remove(&self, path: &str) -> Result<(), SftpError> {
        match self.asked(self.raw.remove(path)).await {
            Ok(_) => Ok(()),
            Err(error) => match self.told(path, error).await {
                SftpError::NotThere(_) => Ok(()),
                told => Err(told),
            },
        }
    }

    /// Makes a folder in one that is there; one that is there is as good.
    pub async fn make_folder(&self, path: &str) -> Result<(), SftpError> {
        let attributes = FileAttributes { permissions: Some(FOLDER_MODE), ..FileAttributes::empty() };
        let Err(error) = self.asked(self.raw.mkdir(path, attributes)).await else { return Ok(()) };
        match self.told(path, error).await {
            // Of a name that is taken a server says no more than that it failed.
            told @ (SftpError::Refused { .. } | SftpError::Denied(_)) => {
                if matches!(self.size(path).await, Ok(Some(_))) { Ok(()) } else { Err(told) }
            }
            told => Err(told),
        }
    }

    /// What there is room for where a file or folder is; `None` where the server does not say.
    pub async fn room(&self, path: &str) -> Result<Option<Room>, SftpError> {
        if !self.knows.statvfs {
            return Ok(None);
        }
        match self.asked(self.raw.statvfs(path)).await {
            Ok(it) => {
                let bytes = it.blocks_avail.saturating_mul(it.fragment_size);
                Ok(Some(Room { bytes, files: (it.inodes > 0).then_some(it.inodes_avail) }))
            }
            Err(error) => Err(self.told(path, error).await),
        }
    }
}
