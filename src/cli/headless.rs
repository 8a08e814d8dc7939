//! Observing without a screen: the same collectors, the same state, nobody to ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::Exit;
use super::context::Context;
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::question::{Asker, NobodyThere};
use crate::domain::time::Timestamp;
use crate::message::batch::{Observation, Subject};
use crate::message::event::Event;
use crate::message::inbox::Inbox;
use crate::message::publish::Publish;
use crate::runtime::clock::{SystemClock, monotonic};
use crate::runtime::observers::Observers;
use crate::runtime::{setup, signals};
use crate::state::State;

/// A console without a terminal.
pub struct Headless {
    /// What is known so far.
    pub state: State,
    /// The tasks; dropped last, so that connections are closed in good order.
    pub tasks: Runtime,
    /// What observes.
    pub observers: Observers,
    inbox: Arc<Inbox>,
    clock: Arc<dyn Clock>,
    log_memory: usize,
    /// The signal that is to end it; 0 while there is none.
    signal: Arc<AtomicU8>,
}

impl Headless {
    /// Starts observing what the configuration names.
    pub fn start(context: &Context, read_only: bool) -> Result<Self, Failure> {
        let headless = Self::prepare(context, read_only, Arc::new(NobodyThere))?;
        let guard = headless.tasks.enter();
        headless.observers.begin(&context.config);
        drop(guard);
        Ok(headless)
    }

    /// Prepares everything; nothing is connected to before something asks for it.
    pub fn prepare(context: &Context, read_only: bool, asker: Arc<dyn Asker>) -> Result<Self, Failure> {
        let tasks = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(FailureKind::Bug, "start", error.to_string()))?;
        let inbox = Arc::new(Inbox::default());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let out: Arc<dyn Publish> = Arc::<Inbox>::clone(&inbox);
        let guard = tasks.enter();
        let observers = Observers::new(&context.config, &clock, &out, asker);
        drop(guard);
        let memory = usize::try_from(context.config.logs.memory.0).unwrap_or(usize::MAX);
        let mut state = State::new(80, 24, memory);
        let source = context.source().map(|path| path.display().to_string());
        state.now = clock.now();
        state.setup = setup::setup(&context.config, source, read_only);
        state.fleet.configure(&state.setup);
        let signal = Arc::default();
        Ok(Self { state, tasks, observers, inbox, clock, log_memory: memory, signal })
    }

    /// From now on a signal that would end the process ends what waits here instead, so that what was
    /// begun is printed whole and connections are closed in good order.
    pub fn until_interrupted(&self) -> Result<(), Failure> {
        let (inbox, its) = (Arc::clone(&self.inbox), Arc::clone(&self.signal));
        signals::spawn(move |signal| {
            its.store(u8::try_from(signal).unwrap_or(u8::MAX), Ordering::Release);
            inbox.wake();
        })
        .map_err(|error| Failure::new(FailureKind::Bug, "listen to signals", error.to_string()))
    }

    /// How to end, where a signal came.
    pub fn interrupted(&self) -> Option<Exit> {
        Some(self.signal.load(Ordering::Acquire)).filter(|signal| *signal != 0).map(Exit::Interrupted)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How many bytes of log lines are held.
    pub const fn log_memory(&self) -> usize {
        self.log_memory
    }

    /// Takes what is observed until `enough` says so, this long, or until a signal. Whether it was enough.
    pub fn observe(&mut self, at_most: Duration, enough: impl Fn(&State) -> bool) -> bool {
        let end = monotonic() + at_most;
        loop {
            while let Some(event) = self.inbox.take() {
                self.state.now = self.clock.now();
                if let Event::Batch(batch) = event {
                    self.state.observe(batch);
                }
            }
            self.state.now = self.clock.now();
            self.state.fleet.refresh(self.state.now);
            if enough(&self.state) {
                return true;
            }
            let left = end.saturating_duration_since(monotonic());
            if left.is_zero() || self.interrupted().is_some() {
                return false;
            }
            self.inbox.wait(Some(left));
        }
    }

    /// The next event that is not an observation, or tells of a log that cannot be read, within this
    /// long and before a signal; other observations are taken on the way.
    pub fn next(&mut self, at_most: Duration) -> Option<Event> {
        let end = monotonic() + at_most;
        loop {
            match self.inbox.take() {
                Some(Event::Batch(batch)) => {
                    self.state.now = self.clock.now();
                    if matches!(&batch.observation, Observation::Failed(Subject::Logs(_), _)) {
                        return Some(Event::Batch(batch));
                    }
                    self.state.observe(batch);
                }
                Some(event) => return Some(event),
                None => {
                    let left = end.saturating_duration_since(monotonic());
                    if left.is_zero() || self.interrupted().is_some() {
                        return None;
                    }
                    self.inbox.wait(Some(left));
                }
            }
        }
    }
}
