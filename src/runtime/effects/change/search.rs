//! Looks for runs of an app or a datastore that have no end, or wait for a second person: at start, when a run is over,
//! and then again and again, since other consoles begin runs too. What has not changed is not told again.

use std::time::Duration;

use futures_util::future::join_all;

use super::Means;
use crate::domain::approval::Waiting;
use crate::domain::ids::AppId;
use crate::domain::setup::Guard;
use crate::domain::unfinished::Unfinished;
use crate::engine::unfinished::{self, Open};
use crate::message::event::Event;
use crate::runtime::deploying;

/// How long the first frame and the connections have before it is looked.
const FIRST: Duration = Duration::from_millis(300);
/// How long until the next look where something goes on, a server has not answered, or somebody may ask
/// for a second person at any time.
const SOON: Duration = Duration::from_secs(10);
/// How long elsewhere.
const LATER: Duration = Duration::from_secs(30);

/// Looks until nobody wants to know.
pub async fn search(means: Means, app: AppId) {
    tokio::time::sleep(FIRST).await;
    let mut told: Option<Open> = None;
    loop {
        let config = means.observers.config();
        // An app of which the Compose file is not configured has no runs of ours; a datastore may have its
        // name.
        let specs = deploying::all_of(&config, app.as_str());
        if specs.is_empty() {
            return;
        }
        let engines = deploying::engines(&config, &means.observers.links);
        means.observers.links.calm().await;
        let looked = join_all(specs.iter().map(|spec| unfinished::all(&engines, spec))).await;
        let open = looked.into_iter().fold(Open::default(), |mut all, one| {
            all.runs.extend(one.runs);
            all.waiting.extend(one.waiting);
            all.lost.extend(one.lost);
            all
        });
        let soon = !open.lost.is_empty()
            || open.runs.iter().any(Unfinished::alive)
            || !open.waiting.is_empty()
            || specs.iter().any(|spec| spec.guard == Guard::TwoPerson);
        if told.as_ref().is_none_or(|told| told.runs != open.runs) {
            means.out.control(Event::Unfinished(app.clone(), open.runs.clone())).await;
        }
        if told.as_ref().map_or(!open.waiting.is_empty(), |told| !same(&told.waiting, &open.waiting)) {
            means.out.control(Event::Waiting(app.clone(), open.waiting.clone())).await;
        }
        told = Some(open);
        tokio::time::sleep(if soon { SOON } else { LATER }).await;
    }
}

/// Whether two looks found the same, but for the time that passed.
fn same(one: &[Waiting], two: &[Waiting]) -> bool {
    let what = |it: &Waiting| (it.request.clone(), it.alive, it.on.clone());
    one.iter().map(what).eq(two.iter().map(what))
}
