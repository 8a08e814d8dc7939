//! Takes a run up again that ended without a word: finishes it, undoes it, or leaves it as it stands.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Confirmed, Run, Runner};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::ServerId;
use crate::domain::run::{News, Operator, Outcome, RunEnd};
use crate::domain::unfinished::{Unfinished, Way};
use crate::history::journal::Entry;

impl Runner {
    /// Takes a run up again. Whoever carried it out until now can do nothing more for it.
    pub async fn resume(&self, it: &Unfinished, way: Way, by: Operator, cancel: CancellationToken) -> RunEnd {
        let start = Instant::now();
        let confirmed = Confirmed { plan: it.plan.clone(), by };
        let mut run = Run::new(self, it.run.clone(), &confirmed, cancel);
        run.resumed = true;
        let end = match run.take_over(it, way).await {
            Ok(()) => run.carry_on(it, way, start).await,
            Err(failure) => RunEnd {
                outcome: Outcome::Partial,
                because: Some(failure),
                stands: Vec::new(),
                took: start.elapsed(),
            },
        };
        run.news(News::Ended(end.clone())).await;
        end
    }
}

impl Run<'_> {
    async fn take_over(&mut self, it: &Unfinished, way: Way) -> Result<(), Failure> {
        let what = format!("take up the run {}", it.run);
        if it.over() {
            return Err(Failure::new(
                FailureKind::Conflict,
                what,
                "it is over, and every server knows how it ended",
            ));
        }
        if way == Way::Undo && it.holds() {
            let why = "it is in place, and what it replaced may be gone already";
            return Err(Failure::new(FailureKind::Conflict, what, why)
                .hint("finish it, then go back: midwatch rollback"));
        }
        let taken = Entry::RunTaken {
            run: self.id.clone(),
            by: self.confirmed.by.clone(),
            way: way.word().to_owned(),
            digest: it.plan.digest().clone(),
        };
        self.reach().await?;
        if way == Way::Finish {
            self.was_approved().await?;
        }
        self.write_down(vec![taken]).await?;
        // A token that sorts after all earlier ones and that nobody else has.
        self.token = format!("{}/{}", self.id, self.runner.clock.now().as_millis());
        let locked =
            |server: &ServerId| matches!(it.traces.get(server), Some(Ok(trace)) if trace.locked.is_some());
        let held: BTreeSet<ServerId> = it.traces.keys().filter(|server| locked(server)).cloned().collect();
        let ended =
            |server: &ServerId| matches!(it.traces.get(server), Some(Ok(trace)) if trace.end.is_some());
        let over: BTreeSet<ServerId> = it.traces.keys().filter(|server| ended(server)).cloned().collect();
        self.open(&held, &over).await?;
        self.news(News::Begun).await;
        self.holds.store(it.holds(), Ordering::Relaxed);
        if let Ok(mut begun) = self.begun.lock() {
            *begun = it.touching();
        }
        if let Ok(mut theirs) = self.theirs.lock() {
            *theirs = it.theirs();
        }
        Ok(())
    }

    async fn carry_on(&self, it: &Unfinished, way: Way, start: Instant) -> RunEnd {
        let touched = self.touched();
        // It had ended, and was killed while that was written down.
        if let Some(end) = it.end() {
            return self.wind_up(end.outcome, end.because.clone(), start).await;
        }
        match way {
            Way::Finish => self.go(start).await,
            Way::Undo if touched.is_empty() => self.wind_up(Outcome::Cancelled, None, start).await,
            Way::Undo => {
                let (outcome, because) = self.go_back(None, &touched).await;
                self.wind_up(outcome, because, start).await
            }
            Way::Leave => {
                if let Err(failure) = self.settle().await {
                    return self.wind_up(Outcome::Partial, Some(failure), start).await;
                }
                let outcome = if touched.is_empty() { Outcome::Cancelled } else { Outcome::Partial };
                let why = format!("{} left it as it stands", self.confirmed.by);
                let because = Failure::new(FailureKind::Conflict, &self.confirmed.plan.plan().title, why);
                self.wind_up(outcome, (outcome == Outcome::Partial).then_some(because), start).await
            }
        }
    }
}
