//! Looks for runs of an app that have no end: at start, when a run is over, and again while a server
//! has not answered or another console carries one out.

use std::time::Duration;

use super::Means;
use crate::domain::ids::AppId;
use crate::engine::unfinished;
use crate::message::event::Event;
use crate::runtime::deploying;

/// How long the first frame and the connections have before it is looked.
const FIRST: Duration = Duration::from_millis(300);
/// How long until the next look, where one is needed.
const AGAIN: Duration = Duration::from_secs(20);

/// Looks until there is nothing further to be learned.
pub async fn search(means: Means, app: AppId) {
    tokio::time::sleep(FIRST).await;
    loop {
        let config = means.observers.config();
        // An app of which the Compose file is not configured has no runs of ours.
        let Ok(spec) = deploying::spec(&config, &app) else { return };
        let engines = deploying::engines(&config, &means.observers.links);
        means.observers.links.calm().await;
        let (runs, lost) = unfinished::all(&engines, &spec).await;
        let again = !lost.is_empty() || runs.iter().any(crate::domain::unfinished::Unfinished::alive);
        means.out.control(Event::Unfinished(app.clone(), runs)).await;
        if !again {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}
