//! The end of a run, as it is written down: how each release fared, what stands where.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::Run;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::plan::act::{Carried, Migrating};
use crate::domain::plan::{Act, Operation, Step};
use crate::domain::release::{Release, ReleaseOutcome};
use crate::domain::run::{Outcome, RunEnd};
use crate::engine::ground::Ground;
use crate::engine::ledger;
use crate::history::journal::Entry;

/// How far an exchange of data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    Begun,
    Ended,
}

impl Run<'_> {
    /// Notes of a datastore that is exchanged, or put back, how it stands.
    pub(super) fn exchanges(&self, ground: &Ground, act: &Act, far: Exchange) {
        let Some((datastore, forth)) = act.exchanges() else { return };
        let how = match (far, forth) {
            (Exchange::Begun, _) => "is in between",
            (Exchange::Ended, true) => "stands as it was to be",
            (Exchange::Ended, false) => "stands as before",
        };
        if let Ok(mut exchanged) = self.exchanged.lock() {
            exchanged.insert(datastore.clone(), (ground.server.clone(), how.to_owned()));
        }
    }

    /// What stands on each server, for the reader.
    pub(super) fn stands(&self, outcome: Outcome, touched: &BTreeSet<ServerId>) -> Vec<(ServerId, String)> {
        let plan = self.confirmed.plan.plan();
        let says = |server: &ServerId| match outcome {
            Outcome::Done => format!("{}: done and verified", plan.operation.word()),
            _ if self.holds(outcome) => {
                format!("{}: done and verified, but something was left behind", plan.operation.word())
            }
            _ if !touched.contains(server) => "as before: nothing was changed".to_owned(),
            Outcome::Failed | Outcome::Cancelled => "as before: put back and verified".to_owned(),
            Outcome::Partial => "in between: it was changed, and is not known to be good".to_owned(),
        };
        let theirs = self.theirs.lock().map(|it| it.clone()).unwrap_or_default();
        let mut stands: Vec<_> = plan.servers().map(|server| (server.clone(), says(server))).collect();
        if outcome == Outcome::Partial {
            let exchanged = self.exchanged.lock().map(|it| it.clone()).unwrap_or_default();
            let told = |(id, (server, how))| (server, format!("{id} {how}"));
            stands.extend(exchanged.into_iter().map(told));
            if !self.holds(outcome) {
                stands.extend(self.unmasked());
            }
        }
        if outcome != Outcome::Done {
            let told =
                |(server, title)| (server, format!("`{title}` ran, and what it did is not taken back"));
            stands.extend(theirs.into_iter().map(told));
        }
        stands
    }

    /// Writes the end down everywhere, and gives the locks back; what could not be written.
    pub(super) async fn close(&self, end: &RunEnd, touched: &BTreeSet<ServerId>) -> Vec<Failure> {
        let closed = join_all(self.grounds.values().map(async |ground| {
            let releases = self.releases(ground, end, touched.contains(&ground.server)).await;
            ledger::close(ground, &self.id, end, &releases).await
        }))
        .await;
        let mut problems: Vec<Failure> = closed.into_iter().filter_map(Result::err).collect();
        let entry =
            Entry::RunEnded { run: self.id.clone(), outcome: end.outcome, because: end.because.clone() };
        problems.extend(self.write_down(vec![entry]).await.err());
        problems
    }

    /// How the releases of this run fared on a server.
    async fn releases(&self, ground: &Ground, end: &RunEnd, touched: bool) -> Vec<Release> {
        let plan = self.confirmed.plan.plan();
        let outcome = match end.outcome {
            outcome if self.holds(outcome) => ReleaseOutcome::Good,
            _ if !touched => ReleaseOutcome::Unapplied,
            Outcome::Failed | Outcome::Cancelled => ReleaseOutcome::RolledBack,
            Outcome::Partial | Outcome::Done => ReleaseOutcome::Failed,
        };
        let because = end.because.as_ref().map(Failure::reason);
        let lanes = plan.stages.iter().flat_map(|stage| &stage.lanes);
        let steps: Vec<&Step> =
            lanes.filter(|lane| lane.server == ground.server).flat_map(|lane| &lane.steps).collect();
        let ran = self.migrations_begun();
        let written = steps.iter().filter_map(|step| self.record_of(&step.act)).map(|mut release| {
            // One that was not begun did not change the data.
            release.migrations.retain(|it| ran.contains(&it.name));
            release
        });
        let mut releases: Vec<Release> = written
            .map(|release| {
                if release.adopted {
                    release
                } else {
                    Release { outcome, because: because.clone(), ..release }
                }
            })
            .collect();
        let returns = matches!(plan.operation, Operation::Rollback | Operation::Restore);
        if returns && self.holds(end.outcome) {
            releases.extend(self.left(ground, &steps).await);
        }
        if plan.operation == Operation::Undo && self.holds(end.outcome) {
            releases.extend(self.stands_again(ground, &steps).await);
        }
        if plan.operation == Operation::Rollback {
            self.taken_back(ground, &mut releases).await;
        }
        if self.holds(end.outcome) {
            self.carried(ground, &steps, &mut releases).await;
        }
        releases
    }

    /// The titles of the migrations that were begun anywhere.
    fn migrations_begun(&self) -> BTreeSet<String> {
        let theirs = self.theirs.lock().map(|it| it.clone()).unwrap_or_default();
        let titles: BTreeSet<String> = theirs.into_iter().map(|(_, title)| title).collect();
        let steps = self.confirmed.plan.plan().steps().map(|(_, step)| step);
        let begun = steps.filter(|step| titles.contains(&step.title));
        begun
            .filter_map(|step| match &step.act {
                Act::Migrate { migration: Migrating::Up { name, .. } | Migrating::Down { name }, .. } => {
                    Some(name.clone())
                }
                _ => None,
            })
            .collect()
    }

    /// Marks the migrations that were taken back in the releases that they ran for.
    async fn taken_back(&self, ground: &Ground, releases: &mut Vec<Release>) {
        let begun = self.migrations_begun();
        let downs = self.confirmed.plan.plan().steps().filter_map(|(_, step)| match &step.act {
            Act::Migrate { release, migration: Migrating::Down { name }, .. } if begun.contains(name) => {
                Some((*release, name))
            }
            _ => None,
        });
        for (number, name) in downs {
            let at = releases.iter().position(|release| release.number == number);
            let known = match at {
                Some(at) => Some(releases.remove(at)),
                // It is not there on a server that never had it.
                None => ledger::release(ground, number).await.ok(),
            };
            releases.extend(known.map(|mut release| {
                release
                    .migrations
                    .iter_mut()
                    .filter(|it| it.name == *name)
                    .for_each(|it| it.taken_back = true);
                release
            }));
        }
    }

    /// Marks the migrations that went, or came back, with the data.
    async fn carried(&self, ground: &Ground, steps: &[&Step], releases: &mut Vec<Release>) {
        let mut all: Vec<Carried> = Vec::new();
        for step in steps {
            if let Act::Point { carried, .. } = &step.act {
                all.extend(carried.iter().cloned());
            }
        }
        for it in all {
            let known = match releases.iter().position(|release| release.number == it.release) {
                Some(at) => Some(releases.remove(at)),
                None => ledger::release(ground, it.release).await.ok(),
            };
            releases.extend(known.map(|mut release| {
                let its = release.migrations.iter_mut().filter(|migration| migration.name == it.name);
                its.for_each(|migration| migration.taken_back = it.taken_back);
                release
            }));
        }
    }

    /// The release that an undo went back to: that it was left before holds no longer.
    async fn stands_again(&self, ground: &Ground, steps: &[&Step]) -> Option<Release> {
        let to = steps.iter().find_map(|step| match step.act {
            Act::Point { release, .. } => Some(release),
            _ => None,
        })?;
        let release = ledger::release(ground, to).await.ok()?;
        let left = release.outcome == ReleaseOutcome::RolledBack;
        left.then_some(Release { outcome: ReleaseOutcome::Good, because: None, ..release })
    }

    /// The release that a rollback went away from.
    async fn left(&self, ground: &Ground, steps: &[&Step]) -> Option<Release> {
        let from = self.confirmed.plan.plan().leaves?;
        let to = steps.iter().find_map(|step| match step.act {
            Act::Point { release, .. } => Some(release),
            _ => None,
        })?;
        // It is not there on a server that never had it.
        let left = ledger::release(ground, from).await.ok()?;
        let because = Some(format!("{} went back to release {to}", self.confirmed.by));
        Some(Release { outcome: ReleaseOutcome::RolledBack, because, ..left })
    }
}
