//! The way back: what was touched is put back, once what was begun there has come to its end.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::{Ending, Run};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::plan::Stage;
use crate::domain::run::{News, Outcome};
use crate::engine::guarded::{Became, look_up};

/// How long what was begun may still take before it is put back.
const SETTLING: Duration = Duration::from_secs(300);

impl Run<'_> {
    /// Puts back what was touched.
    pub(super) async fn go_back(
        &self,
        failure: Option<Failure>,
        touched: &BTreeSet<ServerId>,
    ) -> (Outcome, Option<Failure>) {
        let plan = self.confirmed.plan.plan();
        let lanes = plan.undo.iter().flat_map(|stage| &stage.lanes);
        let covered: BTreeSet<&ServerId> = lanes.map(|lane| &lane.server).collect();
        if !touched.iter().all(|server| covered.contains(server)) {
            // There is no way back for some of them, so what stands is in between.
            return (Outcome::Partial, failure);
        }
        let why = failure.as_ref().map_or_else(|| "it was cancelled".to_owned(), Failure::reason);
        self.news(News::Undoing(why)).await;
        if let Err(second) = self.settle().await {
            return (Outcome::Partial, Some(after(second, failure)));
        }
        let begun = self.begun.lock().map(|it| it.clone()).unwrap_or_default();
        let needed = |stage: &&Stage| {
            stage.only_after.is_empty() || begun.iter().any(|(_, step)| stage.only_after.contains(step))
        };
        let undo: Vec<_> = plan
            .undo
            .iter()
            .filter(needed)
            .map(|stage| {
                let mut stage = stage.clone();
                stage.lanes.retain(|lane| touched.contains(&lane.server));
                stage
            })
            .collect();
        match self.stages(&undo, false).await {
            Ending::Done if failure.is_some() => (Outcome::Failed, failure),
            Ending::Done => (Outcome::Cancelled, None),
            Ending::Cancelled => (Outcome::Partial, failure),
            Ending::Failed(second) | Ending::Untidy(second) => {
                (Outcome::Partial, Some(after(second, failure)))
            }
        }
    }

    /// Waits until nothing that was begun goes on: two commands at once would undo each other.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        let begun = self.begun.lock().map(|it| it.clone()).unwrap_or_default();
        let settled = join_all(begun.iter().map(async |(server, step)| {
            let Some(ground) = self.grounds.get(server) else { return Ok(()) };
            match look_up(ground, &self.id, &step.to_string(), SETTLING).await? {
                Became::Running => {
                    let why = format!("step {step} still goes on there after {} s", SETTLING.as_secs());
                    Err(Failure::new(FailureKind::Timeout, format!("put {server} back"), why))
                }
                Became::Never | Became::Ended(_) | Became::Lost => Ok(()),
            }
        }))
        .await;
        settled.into_iter().collect()
    }
}

/// A failure on the way back, with what it was the way back from.
fn after(mut second: Failure, first: Option<Failure>) -> Failure {
    let first = first.map_or_else(|| "it was cancelled".to_owned(), |it| it.reason());
    second.why.push(format!("while it was put back after: {first}"));
    second
}
