//! What each kind of step does: one file an act.

mod back_up;
mod beside;
mod command;
mod compare;
pub mod credentials;
mod forget;
mod gate;
mod keep;
mod logs;
mod place;
mod point;
mod pull;
mod render;
mod retire;
mod route;
mod scale;
mod send;
mod traffic;
pub mod up;

use async_trait::async_trait;

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
        format!("{} on {}", self.step.title, self.ground.server)
    }

    /// Does it, within its deadline.
    pub async fn perform(&self) -> Result<Done, Failure> {
        let late = |_| {
            let why = format!("it was not done after {} s", self.step.deadline.as_secs());
            Err(Failure::new(FailureKind::Timeout, self.what(), why))
        };
        tokio::time::timeout(self.step.deadline, self.act()).await.unwrap_or_else(late)
    }

    async fn act(&self) -> Result<Done, Failure> {
        match &self.step.act {
            Act::Render { release, pins, expects, sent, .. } => {
                render::render(self, *release, pins, expects.as_deref(), *sent).await
            }
            Act::Send { release, from, digest } => send::send(self, *release, from, digest).await,
            Act::Place { release, over } => place::place(self, *release, over.as_deref()).await,
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
            Act::Keep { keep, drop } => keep::keep(self, keep, drop).await,
            Act::Retire { containers, drain } => retire::retire(self, containers, *drain).await,
            Act::Compare { release, service, new, old, port, path, window } => {
                let it = compare::Compared { release: *release, service, new, old, port: *port, path };
                compare::compare(self, &it, *window).await
            }
            Act::Gate { release, services, steady } => gate::pass(self, *release, services, *steady).await,
            Act::Watch { release, services, window, traffic } => {
                gate::watch(self, *release, services, *window, traffic.as_ref()).await
            }
            Act::Point { release } => point::point(self, *release).await,
            Act::BackUp { .. } => back_up::back_up(self).await,
            Act::Forget { repository, backups } => forget::forget(self, repository, backups).await,
            Act::Hook { .. } | Act::Migrate { .. } | Act::Compose { .. } => command::command(self).await,
        }
    }
}
