//! One server's connection: idle, being made, up, or down until its next try. It makes a
//! connection only when someone wants one, and at most one at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::ids::ServerId;
use crate::domain::link::Link;
use crate::domain::question::{Answer, Asker, Question};
use crate::domain::time::Timestamp;
use crate::transports::{Transport, TransportError};

use super::backoff;
use super::inner::Inner;
use super::target::ServerTarget;

/// A connection that stood this long counts as good: the next failure is a first one.
const GOOD: Duration = Duration::from_secs(30);

/// How often the host of a repository is tried of which only a person could help: it has no row on which
/// that could be asked for, and what was missing may have been given elsewhere.
const REPOSITORY: Duration = Duration::from_secs(60);

/// What is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A server that is looked at.
    Server,
    /// One that is only jumped over, and not shown.
    Jump,
    /// The host of a repository, not shown either. What was declined for it is not asked again by itself.
    Repository,
}

/// Where the connection stands, for those who wait for it.
#[derive(Clone)]
enum State {
    Idle,
    Connecting,
    Up(Arc<dyn Transport>),
    Down { failure: Failure, next_try: Option<Timestamp> },
    Retired,
}

/// A server's connection.
pub(super) struct Slot {
    pub(super) server: ServerId,
    pub(super) target: ServerTarget,
    end: End,
    state: watch::Sender<State>,
    failures: AtomicU32,
    declined: AtomicBool,
    retired: CancellationToken,
}

impl Slot {
    pub(super) fn new(server: ServerId, target: ServerTarget, end: End) -> Arc<Self> {
        Arc::new(Self {
            server,
            target,
            end,
            state: watch::Sender::new(State::Idle),
            failures: AtomicU32::new(0),
            declined: AtomicBool::new(false),
            retired: CancellationToken::new(),
        })
    }

    /// The connection; made now where there is none and a try is due, else why there is none.
    pub(super) async fn get(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<Arc<dyn Transport>, Failure> {
        self.wait(inner, false).await
    }

    /// The connection, waiting through failures until it stands.
    pub(super) async fn wait_up(self: &Arc<Self>, inner: &Arc<Inner>) -> Result<Arc<dyn Transport>, Failure> {
        self.wait(inner, true).await
    }

    async fn wait(
        self: &Arc<Self>,
        inner: &Arc<Inner>,
        patient: bool,
    ) -> Result<Arc<dyn Transport>, Failure> {
        let mut watched = self.state.subscribe();
        loop {
            let state = watched.borrow_and_update().clone();
            let pause = match state {
                State::Up(transport) if !transport.is_closed() => return Ok(transport),
                State::Idle => {
                    self.start(inner);
                    None
                }
                // A connection that just ended is marked so in a moment.
                State::Up(_) | State::Connecting => None,
                State::Down { failure, next_try } => {
                    let now = inner.clock.now();
                    let due = next_try.map(|next_try| next_try.since(now));
                    if due == Some(Duration::ZERO) {
                        self.start(inner);
                        None
                    } else if patient {
                        due
                    } else {
                        return Err(failure.retry(due.map_or(Retry::Never, Retry::After)));
                    }
                }
                State::Retired => return Err(self.retired_failure()),
            };
            let changed = async {
                // The sender is ours, so it cannot be gone.
                let _ = watched.changed().await;
            };
            match pause {
                Some(pause) => tokio::select! { () = changed => {}, () = sleep(pause) => {} },
                None => changed.await,
            }
        }
    }

    /// Begins a try, unless one is under way or the connection stands.
    fn start(self: &Arc<Self>, inner: &Arc<Inner>) {
        let started = self.state.send_if_modified(|state| {
            let idle = matches!(state, State::Idle | State::Down { .. });
            if idle {
                *state = State::Connecting;
            }
            idle
        });
        if started {
            let (slot, inner) = (Arc::clone(self), Arc::clone(inner));
            tokio::spawn(async move {
                let retired = slot.retired.clone();
                tokio::select! {
                    () = slot.run(&inner) => {}
                    () = retired.cancelled() => {}
                }
            });
        }
    }

    /// One try, and watching over the connection until it ends.
    async fn run(self: &Arc<Self>, inner: &Arc<Inner>) {
        self.show(inner, Link::Connecting);
        let asker = ShownAsker { slot: self, inner };
        match inner.connect(self, &asker).await {
            Ok(transport) => {
                let since = inner.clock.now();
                self.set(State::Up(Arc::clone(&transport)));
                self.show(inner, Link::Up);
                let why = transport.closed().await;
                if inner.clock.now().since(since) >= GOOD {
                    self.failures.store(0, Ordering::Relaxed);
                }
                self.down(inner, why);
            }
            Err(error) => self.down(inner, error),
        }
    }

    fn down(&self, inner: &Inner, error: TransportError) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let pause = match &error {
            TransportError::Jump { failure, .. } => match failure.retry {
                // Not before the server in between is tried itself.
                Retry::After(pause) => Some(pause + backoff::share(Duration::from_millis(250))),
                Retry::Now => Some(backoff::delay(failures)),
                Retry::Never => None,
            },
            error if error.needs_a_person() => (self.end == End::Repository).then_some(REPOSITORY),
            _ => Some(backoff::delay(failures)),
        };
        let next_try = pause.map(|pause| inner.clock.now() + pause);
        let retry = pause.map_or(Retry::Never, Retry::After);
        let failure = error.into_failure(&format!("connect to {}", self.server)).retry(retry);
        self.set(State::Down { failure: failure.clone(), next_try });
        self.show(inner, Link::Down { failure, next_try });
    }

    /// Ends it for good.
    pub(super) async fn retire(&self) {
        self.retired.cancel();
        if let State::Up(transport) = self.state.send_replace(State::Retired) {
            transport.close().await;
        }
    }

    /// The same without a goodbye to the server.
    pub(super) fn abandon(&self) {
        self.retired.cancel();
        self.state.send_replace(State::Retired);
    }

    /// Whether its connection stands.
    pub(super) fn is_up(&self) -> bool {
        matches!(&*self.state.borrow(), State::Up(transport) if !transport.is_closed())
    }

    /// Whether it is the host of a repository, and down.
    pub(super) fn is_repository_down(&self) -> bool {
        self.end == End::Repository && matches!(&*self.state.borrow(), State::Down { .. })
    }

    /// Ends a standing connection, forgets failures, and tries at once.
    pub(super) async fn again(self: &Arc<Self>, inner: &Arc<Inner>) {
        self.failures.store(0, Ordering::Relaxed);
        self.declined.store(false, Ordering::Relaxed);
        let state = self.state.borrow().clone();
        if let State::Up(transport) = state {
            transport.close().await;
            let mut changes = self.state.subscribe();
            let _ = changes.wait_for(|state| !matches!(state, State::Up(_))).await;
        }
        self.start(inner);
    }

    /// The machine slept; `lost` says whether a connection that stood cannot any more.
    pub(super) async fn woke(self: &Arc<Self>, inner: &Arc<Inner>, lost: bool) {
        self.failures.store(0, Ordering::Relaxed);
        let due = match &*self.state.borrow() {
            State::Down { next_try, .. } => next_try.is_some(),
            State::Up(_) => lost && !matches!(self.target, ServerTarget::Local),
            State::Idle | State::Connecting | State::Retired => false,
        };
        if due {
            self.again(inner).await;
        }
    }

    fn set(&self, state: State) {
        self.state.send_if_modified(|current| {
            let live = !matches!(current, State::Retired);
            if live {
                *current = state;
            }
            live
        });
    }

    fn show(&self, inner: &Inner, link: Link) {
        if self.end == End::Server && !self.retired.is_cancelled() {
            inner.observer.link(&self.server, link);
        }
    }

    fn retired_failure(&self) -> Failure {
        let what = format!("connect to {}", self.server);
        Failure::new(FailureKind::Unreachable, what, "the connection was closed by the console")
    }
}

/// Asks in the slot's name, and shows that a person is waited for.
struct ShownAsker<'a> {
    slot: &'a Slot,
    inner: &'a Inner,
}

#[async_trait::async_trait]
impl Asker for ShownAsker<'_> {
    async fn ask(&self, question: Question) -> Answer {
        if self.slot.declined.load(Ordering::Relaxed) {
            return Answer::No;
        }
        self.slot.show(self.inner, Link::Asking);
        let answer = self.inner.asker.ask(question).await;
        let declined = self.slot.end == End::Repository && matches!(answer, Answer::No);
        self.slot.declined.store(declined, Ordering::Relaxed);
        self.slot.show(self.inner, Link::Connecting);
        answer
    }
}
