//! Carries out what the core asks for, without ever holding up the loop.

mod change;
pub mod exec;
mod log_follow;
mod log_save;
pub mod log_search;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use tokio::runtime::Handle;

use super::asker::ConsoleAsker;
use super::observers::Observers;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::RequestId;
use crate::domain::past::{Kept, Past};
use crate::history::History;
use crate::message::effect::{Effect, SaveLogs};
use crate::message::event::{Event, Reply};
use crate::message::publish::Publish;
use change::Changer;
use exec::{Shells, Terminal};
use log_follow::LogFollower;
use log_search::LogSearcher;

/// Carries out effects, for the loop that must never wait.
pub trait Perform {
    /// Carries out one effect; gives back bytes that are to go to the terminal.
    fn perform(&mut self, effect: Effect) -> Option<Vec<u8>>;
}

/// What may be written, and where.
#[derive(Clone, Debug, Default)]
pub struct Permit {
    /// The configuration's file, where there is one.
    pub file: Option<PathBuf>,
    /// Nothing is ever changed, whatever is asked for.
    pub read_only: bool,
}

/// What effects work with.
pub struct Effects {
    /// Where tasks run.
    tasks: Handle,
    observers: Arc<Observers>,
    asker: Arc<ConsoleAsker>,
    out: Arc<dyn Publish>,
    follower: LogFollower,
    searcher: LogSearcher,
    changer: Changer,
    shells: Shells,
    history: Option<History>,
}

impl Effects {
    /// Starts what effects need beside the tasks: the thread that searches.
    #[allow(clippy::too_many_arguments, reason = "each is another thing that effects touch")]
    pub fn start(
        tasks: Handle,
        observers: Arc<Observers>,
        asker: Arc<ConsoleAsker>,
        clock: Arc<dyn Clock>,
        out: Arc<dyn Publish>,
        history: Option<History>,
        permit: Permit,
        terminal: Terminal,
    ) -> io::Result<Self> {
        let searcher = LogSearcher::start(tasks.clone(), Arc::clone(&out))?;
        let follower = LogFollower::new(Arc::clone(&observers), Arc::clone(&clock), Arc::clone(&out));
        let shells = Shells::new(
            tasks.clone(),
            Arc::clone(&observers),
            Arc::clone(&clock),
            Arc::clone(&out),
            permit.clone(),
            terminal,
        );
        let changer = Changer::new(tasks.clone(), Arc::clone(&observers), clock, Arc::clone(&out), permit);
        Ok(Self { tasks, observers, asker, out, follower, searcher, changer, shells, history })
    }

    fn save(&self, request: RequestId, job: SaveLogs) {
        let out = Arc::clone(&self.out);
        let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        self.tasks.spawn(async move {
            let saved = tokio::task::spawn_blocking(move || log_save::save(&job, home)).await;
            let reply = match saved {
                Ok(Ok(told)) => Reply::Done(told),
                Ok(Err(failure)) => Reply::Failed(failure),
                Err(error) => Reply::Failed(Failure::new(FailureKind::Bug, "save lines", error.to_string())),
            };
            out.control(Event::Reply(request, reply)).await;
        });
    }
}

impl Perform for Effects {
    fn perform(&mut self, effect: Effect) -> Option<Vec<u8>> {
        match effect {
            // The loop ends itself.
            Effect::Quit => None,
            Effect::Answer(request, answer) => {
                self.asker.answer(request, answer);
                None
            }
            Effect::Reconnect(server) => {
                let observers = Arc::clone(&self.observers);
                self.tasks.spawn(async move { observers.reconnect(&server).await });
                None
            }
            Effect::Watch(servers) => {
                self.observers.supervisor.set_watched(servers);
                None
            }
            Effect::Keep(samples) => {
                if let Some(history) = &self.history {
                    history.record(samples);
                }
                None
            }
            Effect::KeepMark(mark) => {
                if let Some(history) = &self.history {
                    history.mark(mark);
                }
                None
            }
            Effect::Past(request, query) => {
                let (history, out) = (self.history.clone(), Arc::clone(&self.out));
                self.tasks.spawn(async move {
                    // Without a database there is nothing kept, and that is the answer.
                    let reply = match history {
                        Some(history) => history.range(query).await.map_or_else(Reply::Failed, Reply::Past),
                        None => Reply::Past(Past::default()),
                    };
                    out.control(Event::Reply(request, reply)).await;
                });
                None
            }
            Effect::Kept(request) => {
                let (history, out) = (self.history.clone(), Arc::clone(&self.out));
                self.tasks.spawn(async move {
                    let reply = match history {
                        Some(history) => history.kept().await.map_or_else(Reply::Failed, Reply::Kept),
                        None => Reply::Kept(Kept::default()),
                    };
                    out.control(Event::Reply(request, reply)).await;
                });
                None
            }
            Effect::Copy(text) => clipboard(&text),
            Effect::Follow { source, back } => {
                let _within = self.tasks.enter();
                self.follower.follow(source, back);
                None
            }
            Effect::Reach { source, from, until } => {
                let _within = self.tasks.enter();
                if let Some(refused) = self.follower.reach(source, from, until) {
                    let out = Arc::clone(&self.out);
                    self.tasks.spawn(async move { out.logs(refused).await });
                }
                None
            }
            Effect::Unfollow(source) => {
                let _within = self.tasks.enter();
                self.follower.unfollow(&source);
                None
            }
            Effect::SearchLogs(request, job) => {
                self.searcher.search(request, job);
                None
            }
            Effect::SaveLogs(request, job) => {
                self.save(request, job);
                None
            }
            Effect::Exec(request, asked) => {
                self.shells.open(request, *asked);
                None
            }
            Effect::Lend(request) => {
                self.shells.lend(request);
                None
            }
            Effect::LeaveExec(request) => {
                self.shells.leave(request);
                None
            }
            effect => {
                self.changer.perform(effect);
                None
            }
        }
    }
}

/// OSC 52, which terminals take through SSH, and tmux where `set-clipboard` is on.
pub(super) fn clipboard(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    queue!(bytes, CopyToClipboard::to_clipboard_from(text)).ok()?;
    bytes.flush().ok()?;
    Some(bytes)
}
