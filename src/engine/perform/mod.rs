//! What each kind of step does: one file an act.

mod ask;
mod assert;
mod back_up;
mod beside;
mod checks;
mod command;
mod compare;
mod compare_data;
pub mod credentials;
mod data;
mod forget;
mod gate;
mod halt;
mod here;
mod keep;
mod kept;
mod load;
mod logs;
mod look;
mod maintain;
mod mask;
mod pace;
mod place;
mod point;
mod pull;
mod render;
mod repository;
mod retire;
mod rewind;
mod rewind_compare;
mod rewind_exchange;
mod rewind_start;
mod route;
mod scale;
mod send;
mod swap;
mod traffic;
mod units;
pub mod up;
mod visit;
mod watch;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::ground::Ground;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::plan::{Act, Step};
use crate::domain::release::Release;
use crate::domain::run::{Progress, RunId};
use crate::domain::time::Timestamp;
use crate::engine::run::Confirmed;

/// Is told how far a step is.
#[async_trait]
pub trait Listen: Send + Sync {
    /// So far.
    async fn progress(&self, progress: Progress);
}

/// A step at work.
pub struct Task<'a> {
    /// Where.
    pub ground: &'a Ground,
    /// Of which run.
    pub run: &'a RunId,
    /// What the lock has to say for it.
    pub token: &'a str,
    /// Whether the run was taken up again, so that the step may have been begun before.
    pub resumed: bool,
    /// Which.
    pub step: &'a Step,
    /// The release that it writes, where it writes one.
    pub release: Option<&'a Release>,
    /// What it belongs to, and who confirmed that.
    pub confirmed: &'a Confirmed,
    /// When it began.
    pub began: Timestamp,
    /// Who listens.
    pub listen: &'a dyn Listen,
    /// Says that the run is to end.
    pub cancel: &'a CancellationToken,
}

/// A step that ended well.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// A word of what was found.
    pub said: String,
    /// The exit code of its command, where it had one.
    pub exit: Option<i32>,
}

impl Task<'_> {
    /// Verb, object, server.
    pub fn what(&self) -> String {
        match self.step.place(&self.ground.server) {
            "here" => format!("{} here", self.step.title),
            server => format!("{} on {server}", self.step.title),
        }
    }

    /// Does it, within its deadline.
    pub async fn perform(&self) -> Result<Done, Failure> {
        // What runs here is ended at its deadline, which takes a moment more.
        if self.step.act.is_here() {
            return self.act().await;
        }
        let late = |_| {
            let why = format!("it was not done after {} s", self.step.deadline.as_secs());
            Err(Failure::new(FailureKind::Timeout, self.what(), why))
        };
        tokio::time::timeout(self.step.deadline, self.act()).await.unwrap_or_else(late)
    }

    async fn act(&self) -> Result<Done, Failure> {
        match &self.step.act {
            Act::Render { release, pins, expects, sent, env, .. } => {
                render::render(self, *release, pins, expects.as_deref(), [*sent, *env]).await
            }
            Act::Send { release, from, digest, env } => send::send(self, *release, from, digest, *env).await,
            Act::Place { release, over, env } => place::place(self, *release, over.as_deref(), *env).await,
            Act::Pull { image } => pull::pull(self, image).await,
            Act::Up { release, services, replaces, ports, scale } => {
                up::up(self, *release, services, replaces, ports, scale).await
            }
            Act::Scale { release, service, containers, keep, known } => {
                let it = scale::Scaled { release: *release, service, containers: *containers, keep: *keep };
                scale::scale(self, &it, known).await
            }
            Act::Beside { release, service, names, beside, port } => {
                beside::beside(self, *release, service, names, beside, *port).await
            }
            Act::Route { file, text, test, reload, settles, instead_of } => {
                let settles = *settles;
                route::route(self, route::Switch { file, text, test, reload, settles, instead_of }).await
            }
            Act::Maintain(it) => maintain::maintain(self, it).await,
            Act::Keep { keep, drop } => keep::keep(self, keep, drop).await,
            Act::Retire { containers, drain } => retire::retire(self, containers, *drain).await,
            Act::Compare { release, service, new, old, port, path, window } => {
                let it = compare::Compared { release: *release, service, new, old, port: *port, path };
                compare::compare(self, &it, *window).await
            }
            Act::Gate { release, services, steady, probe } => {
                gate::pass(self, *release, services, *steady, probe.as_ref()).await
            }
            Act::Checks { release, service, names, checks } => {
                checks::pass(self, &checks::Asked { release: *release, service, names, checks }).await
            }
            Act::Watch { release, services, window, traffic, probe, checks } => {
                let (release, window) = (*release, *window);
                let (traffic, probe) = (traffic.as_ref(), probe.as_ref());
                let it = watch::Watched { release, services, window, traffic, probe, checks };
                watch::watch(self, &it).await
            }
            Act::Point { release, .. } => point::point(self, *release).await,
            Act::Halt { services } => halt::halt(self, services).await,
            Act::BackUp { .. } => back_up::back_up(self).await,
            Act::Forget { repository, backups } => forget::forget(self, repository, backups).await,
            Act::Prune { repository, frees } => repository::prune(self, repository, *frees).await,
            Act::CheckRepository { repository, read_data } => {
                repository::check(self, repository, *read_data).await
            }
            Act::Unlock { repository, locks } => repository::unlock(self, repository, locks).await,
            Act::AddKey { repository, secret } => repository::add_key(self, repository, secret).await,
            Act::Mask { .. } => mask::mask(self).await,
            Act::Load { source, .. } if !source.is_sql() => data::load(self).await,
            Act::CompareData { datastore, source, with, .. } if !source.is_sql() => {
                data::compare(self, datastore, source, with).await
            }
            Act::Assert { datastore, source, of, assertions, .. } if !source.is_sql() => {
                data::ask(self, datastore, source, of, assertions).await
            }
            Act::Swap { datastore, source, from, aside, stops } if !source.is_sql() => {
                data::swap(self, &data::Swapped { datastore, source, from, aside: aside.as_deref(), stops })
                    .await
            }
            Act::Unswap { datastore, source, from, aside, drops, stops } if !source.is_sql() => {
                let it = data::Swapped { datastore, source, from, aside: aside.as_deref(), stops };
                data::back(self, &it, *drops).await
            }
            Act::DropDatabases { datastore, source, databases } if !source.is_sql() => {
                data::drop_all(self, datastore, source, databases).await
            }
            Act::Load { .. } => load::load(self).await,
            Act::CompareData { datastore, source, with, only } => {
                compare_data::compare(self, datastore, source, with, only.tables()).await
            }
            Act::Assert { datastore, source, of, assertions, amcheck } => {
                assert::ask(self, &assert::Asked { datastore, source, of, assertions, amcheck: *amcheck })
                    .await
            }
            Act::Swap { datastore, source, from, aside, .. } => {
                swap::swap(self, &swap::Names { datastore, source, from, aside: aside.as_deref() }).await
            }
            Act::Unswap { datastore, source, from, aside, drops, .. } => {
                let names = swap::Names { datastore, source, from, aside: aside.as_deref() };
                swap::back(self, &names, *drops).await
            }
            Act::DropDatabases { datastore, source, databases } => {
                swap::drop_all(self, datastore, source, databases).await
            }
            Act::Units { act } => units::units(self, act).await,
            Act::Rewind(it) => rewind::rewind(self, it).await,
            Act::Here { command, folder, env } => here::here(self, command, folder, env).await,
            Act::Hook { .. } | Act::Migrate { .. } | Act::Compose { .. } => command::command(self).await,
        }
    }
}
