//! The one bounded queue between every task and the loop, with four manners: input comes first,
//! control and log lines wait for room, gauges overwrite their slot. Nothing in it grows with a slow loop.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::batch::{Batch, Observation, Subject};
use super::event::Event;
use super::log_batch::LogBatch;
use super::publish::Publish;
use crate::domain::ids::{CheckId, ServerId};

/// How many events of control may wait.
const CONTROL_ROOM: usize = 1024;
/// How many batches may wait of the kinds that add to each other; past it the oldest is lost, which
/// a loop that stood still for minutes shows as a gap in its series.
const COUNTED_ROOM: usize = 16 * 1024;
/// How many bytes of log lines may wait; sources are held back past it.
const LOG_ROOM: usize = 8 << 20;
/// How many keys may wait; a hand does not type so many, a paste is one event.
const INPUT_ROOM: usize = 1024;

/// See the module.
pub struct Inbox {
    inner: Mutex<Inner>,
    ready: Condvar,
    control_room: Semaphore,
    log_room: Semaphore,
}

/// Whether the loop sleeps, and what ends that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sleeps {
    #[default]
    Awake,
    UntilInput,
    UntilAny,
}

#[derive(Default)]
struct Inner {
    /// What the loop sleeps for: it is woken for nothing else.
    sleeps: Sleeps,
    /// Somebody wants the loop to look around, though nothing is to be taken.
    woken: bool,
    input: VecDeque<Event>,
    control: VecDeque<Event>,
    logs: VecDeque<LogBatch>,
    /// Whether the last thing taken was a batch of lines while a gauge waited.
    gauge_is_due: bool,
    counted: VecDeque<Batch>,
    order: VecDeque<Slot>,
    slots: HashMap<Slot, Batch>,
}

/// What of a server a gauge is about; the newest of each wins. A look that failed has the slot of one that
/// did not: whichever was later is the truth, and must not be overtaken by the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Of(ServerId, std::mem::Discriminant<Observation>),
    Look(ServerId, Subject),
    Check(CheckId, Option<ServerId>),
}

/// Whether a batch may be overwritten by the next of its kind. Marks and samples add to what was
/// there before, so each one counts.
fn slot(batch: &Batch) -> Option<Slot> {
    let server = batch.server.clone();
    match &batch.observation {
        Observation::Mark(_) | Observation::Samples(_) | Observation::Earlier(_) => None,
        Observation::Vitals(_) => Some(Slot::Look(server, Subject::Vitals)),
        Observation::Containers(_) => Some(Slot::Look(server, Subject::Containers)),
        Observation::Usage(_) => Some(Slot::Look(server, Subject::Usage)),
        Observation::Units(_) => Some(Slot::Look(server, Subject::Units)),
        Observation::Access(stats) => Some(Slot::Look(server, Subject::Access(stats.label.clone()))),
        Observation::Check(result) => Some(Slot::Check(result.check.clone(), result.from.clone())),
        Observation::Backups(repository, _) => {
            Some(Slot::Look(server, Subject::Repository(repository.clone())))
        }
        Observation::Archived(datastore, _) => Some(Slot::Look(server, Subject::Archive(datastore.clone()))),
        Observation::Maintenance(_) => Some(Slot::Look(server, Subject::Maintenance)),
        Observation::Drills(_) => Some(Slot::Look(server, Subject::Drills)),
        Observation::Failed(subject, _) => Some(Slot::Look(server, subject.clone())),
        other => Some(Slot::Of(server, std::mem::discriminant(other))),
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            ready: Condvar::new(),
            control_room: Semaphore::new(CONTROL_ROOM),
            log_room: Semaphore::new(LOG_ROOM),
        }
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key, the mouse or a resize, from the reader thread. Past the bound the oldest goes: a
    /// program that floods the terminal with input is not a hand.
    pub fn input(&self, event: Event) {
        let mut inner = self.lock();
        if inner.input.len() >= INPUT_ROOM {
            inner.input.pop_front();
        }
        inner.input.push_back(event);
        let wake = inner.sleeps != Sleeps::Awake;
        self.unlock(inner, wake);
    }

    /// Gives the lock back, and then wakes the loop where that is wanted: woken before, it would have
    /// to wait for the lock.
    fn unlock(&self, inner: MutexGuard<'_, Inner>, wake: bool) {
        drop(inner);
        if wake {
            self.ready.notify_one();
        }
    }

    /// The same after something that is no input.
    fn unlock_data(&self, inner: MutexGuard<'_, Inner>) {
        let wake = inner.sleeps == Sleeps::UntilAny;
        self.unlock(inner, wake);
    }

    /// The next event that should be handled: input, then control, then one batch of log lines,
    /// then gauges in the order in which they first came. `None` where nothing waits.
    pub fn take(&self) -> Option<Event> {
        let mut inner = self.lock();
        if let Some(event) = inner.input.pop_front() {
            return Some(event);
        }
        if let Some(event) = inner.control.pop_front() {
            drop(inner);
            self.control_room.add_permits(1);
            return Some(event);
        }
        // Gauges are few and small, lines may be many: a gauge waits behind one batch of them at most.
        if let Some(batch) = inner.next_logs() {
            drop(inner);
            self.log_room.add_permits(room_for(&batch) as usize);
            return Some(Event::Logs(batch));
        }
        if let Some(batch) = inner.counted.pop_front() {
            return Some(Event::Batch(batch));
        }
        let slot = inner.order.pop_front()?;
        inner.slots.remove(&slot).map(Event::Batch)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Whether a key or another input waits.
    pub fn has_input(&self) -> bool {
        !self.lock().input.is_empty()
    }

    /// Ends the sleep that is under way, or the next one: there is something to do besides events.
    pub fn wake(&self) {
        let mut inner = self.lock();
        inner.woken = true;
        self.unlock(inner, true);
    }

    /// Sleeps until something waits, or this long; with `None` for as long as it takes.
    pub fn wait(&self, at_most: Option<Duration>) {
        self.wait_while(at_most.unwrap_or(Duration::MAX), Sleeps::UntilAny, Inner::is_empty);
    }

    /// The same, woken by input alone: what paces drawing when only data came.
    pub fn wait_input(&self, at_most: Duration) {
        self.wait_while(at_most, Sleeps::UntilInput, |inner| inner.input.is_empty());
    }

    fn wait_while(&self, at_most: Duration, sleeps: Sleeps, idle: impl Fn(&Inner) -> bool) {
        let mut inner = self.lock();
        inner.sleeps = sleeps;
        let goes_on = |inner: &mut Inner| !inner.woken && idle(inner);
        // A poisoned lock only means that a task panicked while it held plain data.
        let (mut inner, _) =
            self.ready.wait_timeout_while(inner, at_most, goes_on).unwrap_or_else(PoisonError::into_inner);
        inner.woken = false;
        inner.sleeps = Sleeps::Awake;
    }
}

impl Inner {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.control.is_empty() && self.logs.is_empty() && !self.has_gauge()
    }

    fn has_gauge(&self) -> bool {
        !self.counted.is_empty() || !self.order.is_empty()
    }

    /// Puts a gauge in its slot; the slot keeps its place in the row.
    fn overwrite(&mut self, slot: Slot, batch: Batch) {
        match self.slots.entry(slot.clone()) {
            Entry::Occupied(mut held) => {
                held.insert(batch);
            }
            Entry::Vacant(free) => {
                free.insert(batch);
                self.order.push_back(slot);
            }
        }
    }

    /// Puts one behind the others of its kind, which all count.
    fn add(&mut self, batch: Batch) {
        if self.counted.len() >= COUNTED_ROOM {
            self.counted.pop_front();
        }
        self.counted.push_back(batch);
    }

    /// The next batch of lines, but not twice in a row past a gauge that waits.
    fn next_logs(&mut self) -> Option<LogBatch> {
        if std::mem::take(&mut self.gauge_is_due) {
            return None;
        }
        let batch = self.logs.pop_front()?;
        self.gauge_is_due = self.has_gauge();
        Some(batch)
    }
}

/// The room that a batch takes; one that is larger than all of it waits until all of it is free.
fn room_for(batch: &LogBatch) -> u32 {
    u32::try_from(batch.bytes().min(LOG_ROOM)).unwrap_or(u32::MAX)
}

#[async_trait::async_trait]
impl Publish for Inbox {
    fn batch(&self, batch: Batch) {
        let slot = slot(&batch);
        let mut inner = self.lock();
        match slot {
            Some(slot) => inner.overwrite(slot, batch),
            None => inner.add(batch),
        }
        self.unlock_data(inner);
    }

    async fn logs(&self, batch: LogBatch) {
        if let Ok(permits) = self.log_room.acquire_many(room_for(&batch)).await {
            permits.forget();
            let mut inner = self.lock();
            inner.logs.push_back(batch);
            self.unlock_data(inner);
        }
    }

    async fn control(&self, event: Event) {
        if let Ok(permit) = self.control_room.acquire().await {
            permit.forget();
            let mut inner = self.lock();
            inner.control.push_back(event);
            self.unlock_data(inner);
        }
    }
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
