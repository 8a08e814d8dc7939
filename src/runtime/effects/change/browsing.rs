//! Reads what backups hold, for whoever looks through them.

use std::ops::ControlFlow;

use tokio::sync::mpsc;

use super::Means;
use crate::domain::failure::Failure;
use crate::domain::file_list::{FileList, FoundFiles};
use crate::domain::ids::{BackupId, DatastoreId, RequestId};
use crate::engine::browse;
use crate::message::event::{Event, Reply};
use crate::runtime::deploying;

/// Lists the files of a backup in a folder, and tells.
pub async fn files(means: Means, request: RequestId, of: DatastoreId, id: BackupId, under: String) {
    let reply = match listed(&means, &of, &id, &under).await {
        Ok(list) => Reply::Files(Box::new(list)),
        Err(failure) => Reply::Failed(failure),
    };
    means.out.control(Event::Reply(request, reply)).await;
}

async fn listed(means: &Means, of: &DatastoreId, id: &BackupId, under: &str) -> Result<FileList, Failure> {
    let config = means.observers.config();
    let spec = deploying::datastore(&config, of)?;
    let engines = deploying::engines(&config, &means.observers.links);
    browse::files(&engines, &spec, id.as_str(), under).await.map(|(_, list)| list)
}

/// Looks for files in all backups of a datastore, and tells on the way.
pub async fn find(means: Means, request: RequestId, of: DatastoreId, typed: String) {
    let tell = async |reply| means.out.control(Event::Reply(request, reply)).await;
    // Only the newest counts on the way.
    let (send, mut told) = mpsc::channel::<FoundFiles>(1);
    let finding = found(&means, &of, &typed, send);
    let telling = async {
        while let Some(found) = told.recv().await {
            tell(Reply::FoundFiles { found: Box::new(found), done: false }).await;
        }
    };
    match tokio::join!(finding, telling).0 {
        Ok(found) => tell(Reply::FoundFiles { found: Box::new(found), done: true }).await,
        Err(failure) => tell(Reply::Failed(failure)).await,
    }
}

async fn found(
    means: &Means,
    of: &DatastoreId,
    typed: &str,
    send: mpsc::Sender<FoundFiles>,
) -> Result<FoundFiles, Failure> {
    let config = means.observers.config();
    let spec = deploying::datastore(&config, of)?;
    let engines = deploying::engines(&config, &means.observers.links);
    let told = move |found: &FoundFiles| {
        // Cloned only where somebody takes it.
        if let Ok(place) = send.try_reserve() {
            place.send(found.clone());
        }
        ControlFlow::Continue(())
    };
    browse::find(&engines, &spec, typed, told).await
}
