//! Lists the tags of an app's image for who picks one; first without dates where those take longer.

use tokio::sync::mpsc;

use super::Means;
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, RequestId};
use crate::domain::tags::TagList;
use crate::engine::tags::tags;
use crate::message::event::{Event, Reply};
use crate::runtime::deploying;

/// Lists them and tells.
pub async fn list(means: Means, request: RequestId, app: AppId) {
    let tell = async |reply| means.out.control(Event::Reply(request, reply)).await;
    // It is told of at most once on the way.
    let (send, mut told) = mpsc::channel::<TagList>(1);
    let listing = async {
        let sender = send;
        asked(&means, &app, &|list| {
            let _ = sender.try_send(list);
        })
        .await
    };
    let telling = async {
        while let Some(list) = told.recv().await {
            tell(Reply::Tags(Box::new(list))).await;
        }
    };
    match tokio::join!(listing, telling).0 {
        Ok(list) => tell(Reply::Tags(Box::new(list))).await,
        Err(failure) => tell(Reply::Failed(failure)).await,
    }
}

async fn asked(means: &Means, app: &AppId, told: &(dyn Fn(TagList) + Sync)) -> Result<TagList, Failure> {
    let config = means.observers.config();
    let spec = deploying::spec(&config, app)?;
    let engines = deploying::engines(&config, &means.observers.links);
    tags(&engines, &spec, told).await
}
