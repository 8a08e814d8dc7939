//! Makes a database and brings a backup back into it. What stands is not touched, and what was brought
//! half is dropped on the way back.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::pace::{PACE, far};
use super::{Done, Task, mask};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::only::schemas;
use crate::domain::plan::Act;
use crate::domain::quantity::Bytes as Size;
use crate::domain::run::Progress;
use crate::engine::restore::load::{Brought, came, closed, made, stream, taking};
use crate::engine::restore::psql::{Server, password};
use crate::transports::RemoteCommand;

/// How long a few statements may take.
const SHORT: Duration = Duration::from_secs(60);
/// How long the server may take to learn what is in the tables.
const ANALYZING: Duration = Duration::from_secs(3600);

pub(super) async fn load(task: &Task<'_>) -> Result<Done, Failure> {
    let what = task.what();
    let Act::Load { datastore, source, repository, backup, about, into, from, only } = &task.step.act else {
        return Err(Failure::new(FailureKind::Bug, what, "it brings nothing back"));
    };
    if super::swap::is_done(task, datastore).await? {
        return Ok(Done { said: "it is in its place already".to_owned(), exit: None });
    }
    let vault = task.ground.vaults().repository(repository)?;
    let secret = password(task.ground, datastore).await?;
    let server = Server::new(source, secret.as_ref());
    let masked = mask::step_of(task, datastore).is_some();
    mask::settled(task, datastore).await?;
    let statements = made(task.ground, &server, source.database(), into).await?;
    let statements = if masked { closed(statements, into) } else { statements };
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    server.change(task, &statements).await?;
    let of = from.as_ref().map_or(datastore, |from| &from.datastore);
    let it = Brought { vault, snapshot: backup, folder: of.as_str(), file: source.file() };
    let only = only.tables();
    let made = schemas(only);
    if !made.is_empty() {
        let made: Vec<&str> = made.iter().map(String::as_str).collect();
        server.ask(task.ground, into, &made, &what, SHORT).await?;
    }
    let bytes = carried(task, taking(&server, into, only)?, secret.as_ref(), it, *about).await;
    // Types and functions of a table do not come with it.
    let bytes = bytes.map_err(|failure| match only {
        [] => failure,
        _ => failure.hint("what a table needs beside itself comes with all of the backup: without --only"),
    })?;
    if !only.is_empty() {
        came(task.ground, &server, into, only, &what).await?;
    }
    if masked {
        return Ok(Done { said: format!("{bytes} read and restored, and yet to be masked"), exit: None });
    }
    // A dump holds no statistics, and without them the first queries after a swap would crawl.
    task.listen.progress(Progress::Saying(format!("{bytes} read; analyzing"))).await;
    server.ask(task.ground, into, &["analyze"], &what, ANALYZING).await?;
    Ok(Done { said: format!("{bytes} read and restored"), exit: None })
}

/// Streams it into a command, and tells how far it is.
pub(super) async fn carried(
    task: &Task<'_>,
    command: RemoteCommand,
    secret: Option<&SecretString>,
    it: Brought<'_>,
    about: Size,
) -> Result<Size, Failure> {
    let what = task.what();
    let taken = AtomicU64::new(0);
    let told = |bytes| taken.store(bytes, Ordering::Relaxed);
    tokio::select! {
        bytes = stream(task.ground, command, secret, it, &what, told) => bytes,
        never = tell(task, &taken, about) => match never {},
    }
}

/// Tells how far it is, for ever.
async fn tell(task: &Task<'_>, taken: &AtomicU64, about: Size) -> Infallible {
    let start = Instant::now();
    loop {
        sleep(PACE).await;
        let word = far(Size(taken.load(Ordering::Relaxed)), Some(about), start.elapsed());
        task.listen.progress(Progress::Saying(word)).await;
    }
}
