//! Compares what was brought back with what stands, for whoever decides which of them is wanted.

use super::{Done, Task};
use crate::domain::datastore::Source;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::DatastoreId;
use crate::domain::only::Table;
use crate::domain::run::Progress;
use crate::engine::restore::psql::{Server, password};
use crate::engine::restore::tables::{differences, read};

pub(super) async fn compare(
    task: &Task<'_>,
    datastore: &DatastoreId,
    source: &Source,
    with: &str,
    only: &[Table],
) -> Result<Done, Failure> {
    if super::swap::is_done(task, datastore).await? {
        return Ok(Done { said: "it is in its place already".to_owned(), exit: None });
    }
    let secret = password(task.ground, datastore).await?;
    let server = Server::new(source, secret.as_ref());
    let restored = read(task.ground, &server, with, only).await?;
    let live = read(task.ground, &server, source.database(), only).await?;
    if restored.is_empty() && !live.is_empty() {
        let why = format!("the backup holds no table, and {} stand", live.len());
        return Err(Failure::new(FailureKind::Invalid, task.what(), why).hint("another backup: --backup ID"));
    }
    let (said, lines) = differences(&restored, &live);
    for line in &lines {
        task.listen.progress(Progress::Saying(line.clone())).await;
    }
    let all: Vec<String> = std::iter::once(said).chain(lines).collect();
    Ok(Done { said: all.join("; "), exit: None })
}
