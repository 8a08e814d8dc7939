//! How a datastore is read on its server: what is run there, how its bytes come, and how it is known that
//! all of them came. One file a kind.

mod files;
pub mod postgres;
mod pump;
mod rdb;
pub mod redis;
mod volume;
pub mod within;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::io::AsyncRead;
use tokio::sync::oneshot;

use super::ground::Ground;
use crate::domain::datastore::Source;
use crate::domain::failure::Failure;
use crate::operations::datastore_facts::Seen;
use crate::transports::{ExitStatus, TransportError};

pub use pump::{ended, pump};

/// Bytes of a datastore on their way.
pub struct Flow {
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    ending: Ending,
    judge: Box<dyn Judge>,
}

/// How it is known that all came.
enum Ending {
    /// The command says so by its exit code; what it complains of is read beside.
    Command(Box<dyn AsyncRead + Send + Sync + Unpin>, oneshot::Receiver<Result<ExitStatus, TransportError>>),
    /// The stream itself breaks where it is cut.
    Stream,
}

/// Looks at the bytes as they pass: an exit code of zero alone does not say that they are what they
/// should be.
trait Judge: Send {
    /// Takes a piece, and gives on what may be stored of it by now.
    fn pass(&mut self, piece: Bytes) -> Bytes;
    /// What is still to be stored, or what is wrong with it all.
    fn end(&mut self) -> Result<Bytes, String>;
}

/// Looks at a datastore; nothing is changed.
pub async fn look(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<Seen, Failure> {
    match source {
        Source::Postgres { .. } => postgres::look(ground, source, password).await,
        Source::Redis { .. } => redis::look(ground, source, password).await,
        Source::Volume { volume } => volume::look(ground, volume).await,
        Source::Files { run_as, paths, .. } => files::look(ground, run_as.as_deref(), paths).await,
    }
}

/// Begins to read a datastore's main file.
pub async fn open(
    ground: &Ground,
    source: &Source,
    password: Option<&SecretString>,
) -> Result<Flow, Failure> {
    match source {
        Source::Postgres { .. } => postgres::open(ground, source, password).await,
        Source::Redis { .. } => redis::open(ground, source, password).await,
        Source::Volume { volume } => volume::open(ground, volume).await,
        Source::Files { run_as, paths, exclude } => {
            files::open(ground, run_as.as_deref(), paths, exclude).await
        }
    }
}
