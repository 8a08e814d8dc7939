//! Stages one after the other, lanes side by side, steps in order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::record::Exchange;
use super::{Ending, Run};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::act::Migrating;
use crate::domain::plan::{Act, Lane, Stage, Step, StepId};
use crate::domain::release::{Migration, Release, ReleaseNumber, ReleaseOutcome};
use crate::domain::run::{News, Progress};
use crate::domain::unfinished::at;
use crate::engine::ground::Ground;
use crate::engine::perform::{Listen, Task};
use crate::history::journal::Entry;

/// Tells a step's progress on.
struct Relay<'a, 'r> {
    run: &'a Run<'r>,
    step: StepId,
}

#[async_trait]
impl Listen for Relay<'_, '_> {
    async fn progress(&self, progress: Progress) {
        self.run.news(News::Progress(self.step, progress)).await;
    }
}

impl Run<'_> {
    /// Does stages; the way back is not `cancellable`.
    pub(super) async fn stages(&self, stages: &[Stage], cancellable: bool) -> Ending {
        for stage in stages {
            // The change holds once there is only tidying up left.
            if cancellable && stage.tidies {
                self.holds.store(true, Ordering::Relaxed);
            }
            let cancellable = cancellable && !stage.tidies;
            if cancellable && self.cancel.is_cancelled() {
                return Ending::Cancelled;
            }
            self.news(News::Stage(stage.title.clone())).await;
            let failed = AtomicBool::new(false);
            let lanes = stage.lanes.iter().map(|lane| self.lane(lane, &failed, cancellable));
            let endings = join_all(lanes).await;
            let mut cancelled = false;
            let mut failure = None;
            for ending in endings {
                match ending {
                    Ending::Done => {}
                    Ending::Cancelled => cancelled = true,
                    Ending::Failed(why) | Ending::Untidy(why) => failure = failure.or(Some(why)),
                }
            }
            match failure {
                Some(failure) if stage.tidies => return Ending::Untidy(failure),
                Some(failure) => return Ending::Failed(failure),
                None if cancelled => return Ending::Cancelled,
                None => {}
            }
        }
        Ending::Done
    }

    async fn lane(&self, lane: &Lane, failed: &AtomicBool, cancellable: bool) -> Ending {
        let Some(ground) = self.grounds.get(&lane.server) else {
            let what = format!("work on {}", lane.server);
            return Ending::Failed(Failure::new(FailureKind::Bug, what, "it is not connected"));
        };
        for step in &lane.steps {
            // A lane beside that failed lets this one go no further.
            if failed.load(Ordering::Relaxed) || (cancellable && self.cancel.is_cancelled()) {
                return Ending::Cancelled;
            }
            if let Err(failure) = self.step(ground, step).await {
                failed.store(true, Ordering::Relaxed);
                if cancellable && step.act.heeds_cancel() && self.cancel.is_cancelled() {
                    return Ending::Cancelled;
                }
                return Ending::Failed(failure);
            }
        }
        Ending::Done
    }

    async fn step(&self, ground: &Ground, step: &Step) -> Result<(), Failure> {
        let begun = Entry::StepBegun {
            run: self.id.clone(),
            step: step.id,
            server: ground.server.clone(),
            command: step.act.shell(&ground.place),
        };
        self.write_down(vec![begun]).await?;
        self.news(News::StepBegun(step.id)).await;
        if step.act.touches()
            && let Ok(mut begun) = self.begun.lock()
        {
            begun.insert((ground.server.clone(), step.id));
        }
        if step.act.is_theirs()
            && let Ok(mut theirs) = self.theirs.lock()
        {
            let place = if step.act.is_here() { at(&self.confirmed.by) } else { ground.server.clone() };
            theirs.push((place, step.title.clone()));
        }
        self.exchanges(ground, &step.act, Exchange::Begun);
        let start = Instant::now();
        let release = self.record_of(&step.act);
        let listen = Relay { run: self, step: step.id };
        let task = Task {
            ground,
            run: &self.id,
            token: &self.token,
            resumed: self.resumed,
            step,
            release: release.as_ref(),
            confirmed: self.confirmed,
            began: self.runner.clock.now(),
            listen: &listen,
            cancel: &self.cancel,
        };
        let result = if step.act.may_be_left() {
            tokio::select! {
                result = task.perform() => result,
                () = self.cancel.cancelled() => {
                    Err(Failure::new(FailureKind::Conflict, task.what(), "it was cancelled"))
                }
            }
        } else {
            task.perform().await
        };
        let took = start.elapsed();
        let ended = Entry::StepEnded {
            run: self.id.clone(),
            step: step.id,
            server: ground.server.clone(),
            exit: result.as_ref().ok().and_then(|done| done.exit),
            took,
            said: result.as_ref().map_or_else(|_| String::new(), |done| done.said.clone()),
            failure: result.as_ref().err().cloned(),
        };
        let written = self.write_down(vec![ended]).await;
        match result {
            Ok(done) => {
                self.exchanges(ground, &step.act, Exchange::Ended);
                self.news(News::StepDone(step.id, done.said, took)).await;
                written
            }
            Err(failure) => {
                self.news(News::StepFailed(step.id, failure.clone())).await;
                Err(failure)
            }
        }
    }

    /// The record of the release that a step writes.
    pub(super) fn record_of(&self, act: &Act) -> Option<Release> {
        let Act::Render { release, pins, adopts, .. } = act else { return None };
        Some(self.record(*release, pins.clone(), *adopts))
    }

    /// The migrations of the plan.
    fn migrations(&self) -> Vec<Migration> {
        let stages = self.confirmed.plan.plan().stages.iter();
        let steps = stages.flat_map(|stage| &stage.lanes).flat_map(|lane| &lane.steps);
        steps
            .filter_map(|step| match &step.act {
                Act::Migrate { service, migration: Migrating::Up { name, down }, .. } => Some(Migration {
                    name: name.clone(),
                    service: service.clone(),
                    down: down.clone(),
                    taken_back: false,
                }),
                _ => None,
            })
            .collect()
    }

    fn record(
        &self,
        number: ReleaseNumber,
        images: BTreeMap<String, crate::domain::image::ImageRef>,
        adopted: bool,
    ) -> Release {
        let plan = self.confirmed.plan.plan();
        Release {
            number,
            app: plan.app.clone(),
            at: plan.as_of,
            by: self.confirmed.by.clone(),
            reason: plan.reason.clone(),
            run: self.id.clone(),
            plan: self.confirmed.plan.digest().clone(),
            adopted,
            images,
            // What runs already was good enough to run.
            outcome: if adopted { ReleaseOutcome::Good } else { ReleaseOutcome::Pending },
            because: None,
            migrations: if adopted { Vec::new() } else { self.migrations() },
        }
    }
}
