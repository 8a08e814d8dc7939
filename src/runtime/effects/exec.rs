//! Commands in containers that have the console's terminal: opened in a task, given the terminal when the
//! loop has let go of it, and told of when they are over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::Permit;
use crate::domain::clock::Clock;
use crate::domain::exec::{ExecAsked, ExecEnd, ExecNews};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::ids::RequestId;
use crate::engine::exec::{Execs, Session};
use crate::message::event::{Event, Reply};
use crate::message::publish::Publish;
use crate::runtime::observers::Observers;
use crate::runtime::shell::{Piece, carry, terminal};
use crate::runtime::tap::Tap;
use crate::runtime::{deploying, outlet};

/// How many pieces of output may wait for the terminal.
const ROOM: usize = 32;
/// How long the terminal may take nothing at all before the command loses it.
const STUCK: Duration = Duration::from_secs(60);

/// The terminal, as far as a command needs it.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// What is typed.
    pub tap: Arc<Tap>,
    /// A way to it that does not block, where there is one.
    pub own: Option<Arc<File>>,
}

/// The commands that wait for the terminal, each until it is told that it has it, or is forgotten.
type Waiting = Arc<Mutex<BTreeMap<RequestId, oneshot::Sender<()>>>>;

/// Runs commands in containers.
pub struct Shells {
    tasks: Handle,
    observers: Arc<Observers>,
    clock: Arc<dyn Clock>,
    out: Arc<dyn Publish>,
    permit: Permit,
    terminal: Terminal,
    waiting: Waiting,
}

impl Shells {
    /// Works with these; nothing is done before it is asked for.
    pub fn new(
        tasks: Handle,
        observers: Arc<Observers>,
        clock: Arc<dyn Clock>,
        out: Arc<dyn Publish>,
        permit: Permit,
        terminal: Terminal,
    ) -> Self {
        Self { tasks, observers, clock, out, permit, terminal, waiting: Waiting::default() }
    }

    /// Opens it, says so, and waits for the terminal.
    pub fn open(&self, request: RequestId, asked: ExecAsked) {
        let (ours, lent) = oneshot::channel();
        let (out, terminal, waiting) =
            (Arc::clone(&self.out), self.terminal.clone(), Arc::clone(&self.waiting));
        let (observers, clock) = (Arc::clone(&self.observers), Arc::clone(&self.clock));
        let read_only = self.permit.read_only;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(request, ours);
        self.tasks.spawn(async move {
            let opened = if read_only {
                let what = format!("run {}", asked.title());
                Err(Failure::new(FailureKind::Permission, what, "this is --read-only"))
            } else {
                open(&observers, clock, &asked).await
            };
            let reply = match opened {
                Ok(session) => {
                    let program = session.standing.command.first().cloned().unwrap_or_default();
                    let news = ExecNews::Open(program);
                    out.control(Event::Reply(request, Reply::Exec(Box::new(news)))).await;
                    match lent.await {
                        Ok(()) => {
                            let end = joined(session, terminal).await;
                            Reply::Exec(Box::new(ExecNews::Over(end)))
                        }
                        Err(_) => return given_up(session).await,
                    }
                }
                Err(failure) => Reply::Failed(failure),
            };
            waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
            out.control(Event::Reply(request, reply)).await;
        });
    }

    /// The terminal is its now.
    pub fn lend(&self, request: RequestId) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        if let Some(waiter) = waiting {
            // Where it ended meanwhile, that is told.
            let _ = waiter.send(());
        }
    }

    /// Nobody waits for it any more.
    pub fn leave(&self, request: RequestId) {
        // It ends itself when it finds that.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
    }
}

async fn open(observers: &Observers, clock: Arc<dyn Clock>, asked: &ExecAsked) -> Result<Session, Failure> {
    let config = observers.config();
    let execs = Execs {
        engines: deploying::engines(&config, &observers.links),
        journal: deploying::journal(&config)?,
        clock,
        by: deploying::operator(),
    };
    execs.open(asked, terminal().as_ref()).await
}

/// Ends one that came when nobody waited for it any more.
async fn given_up(mut session: Session) {
    // The engine leaves a command alone that lost its terminal; a shell ends by this.
    let _ = session.input.write_all(b"\x04").await;
    let _ = session.input.flush().await;
    let what = format!("run {}", session.standing.title());
    session
        .standing
        .over(Some(Failure::new(FailureKind::Conflict, what, "it was left before it began")))
        .await;
}

/// Gives it the terminal until it is over.
async fn joined(session: Session, terminal: Terminal) -> ExecEnd {
    let (out, mut pieces) = mpsc::channel::<Piece>(ROOM);
    let own = terminal.own;
    let (done, written) = oneshot::channel();
    let writer = std::thread::Builder::new().name("shell".to_owned()).spawn(move || {
        while let Some(piece) = pieces.blocking_recv() {
            let taken = match &own {
                Some(own) => outlet::write_within(own, &piece.bytes, STUCK),
                None => io::stdout().write_all(&piece.bytes).and_then(|()| io::stdout().flush()),
            };
            if taken.is_err() {
                break;
            }
        }
        // Who waited may have ended.
        let _ = done.send(());
    });
    let keys = writer.and_then(|_| terminal.tap.open());
    let end = match keys {
        Ok(mut keys) => {
            keys.begun().await;
            carry(session, keys, out, false).await
        }
        Err(error) => {
            drop(out);
            let what = format!("run {}", session.standing.title());
            session.standing.over(Some(Failure::new(FailureKind::Bug, what, error.to_string()))).await
        }
    };
    // The screen is drawn over what it wrote last.
    let _ = tokio::time::timeout(STUCK, written).await;
    end
}
