//! The way to the thread that owns the file.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use super::error::HistoryError;
use super::keeper::{AGAIN, Keeper};
use crate::domain::clock::Clock;
use crate::domain::event_mark::EventMark;
use crate::domain::failure::Failure;
use crate::domain::past::{Kept, Past, PastNews, PastQuery, Samples};

/// How many requests may wait: 500 servers at two seconds fill it in 16 seconds, longer than one
/// console waits for another.
const ROOM: usize = 4096;
/// How often finished minutes are written.
const FLUSH: Duration = Duration::from_secs(10);

/// Where and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file; its folder is made where it is missing.
    pub path: PathBuf,
    /// How long minutes are kept, at least an hour.
    pub minutes: Duration,
    /// How long frames of ten minutes and marks are kept.
    pub long: Duration,
}

impl Options {
    /// A file with what is usual: minutes for eight days, so that this hour of last week can be
    /// compared with, ten minutes for thirty days.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let day = Duration::from_secs(86_400);
        Self { path: path.into(), minutes: day * 8, long: day * 30 }
    }
}

enum Request {
    Samples(Samples),
    Mark(EventMark),
    Range(PastQuery, oneshot::Sender<Result<Past, Failure>>),
    Kept(oneshot::Sender<Result<Kept, Failure>>),
    Close(SyncSender<()>),
}

/// A way to the database; clones share it. When the last one is dropped, what waits is written and
/// the file closed.
#[derive(Clone)]
pub struct History {
    requests: SyncSender<Request>,
    lost: Arc<AtomicU64>,
}

impl History {
    /// Starts the thread, which opens the file. Returns at once: what goes wrong with the file is
    /// told by `tell` (from that thread), and the console works without it.
    pub fn open(
        options: Options,
        clock: Arc<dyn Clock>,
        tell: impl Fn(PastNews) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (requests, receiver) = sync_channel(ROOM);
        std::thread::Builder::new().name("history".to_owned()).spawn(move || {
            let keeper = Keeper::new(options, Box::new(tell), clock.now());
            serve(keeper, &receiver, clock.as_ref());
        })?;
        Ok(Self { requests, lost: Arc::default() })
    }

    /// Keeps readings. Never waits: where the thread is far behind they are lost, and counted.
    pub fn record(&self, samples: Samples) {
        self.offer(Request::Samples(samples));
    }

    /// Keeps a mark, likewise.
    pub fn mark(&self, mark: EventMark) {
        self.offer(Request::Mark(mark));
    }

    /// How many readings and marks were lost because the thread was too far behind.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Some series over a range of time, down-sampled, with the marks in it. The present minute is
    /// not in it.
    pub async fn range(&self, query: PastQuery) -> Result<Past, Failure> {
        self.ask(|answer| Request::Range(query, answer)).await
    }

    /// Which series of which servers are kept.
    pub async fn kept(&self) -> Result<Kept, Failure> {
        self.ask(Request::Kept).await
    }

    /// Writes everything, the present minute too, and closes the file. Waits for that, though no
    /// longer than `at_most`, and says whether it was done. Needs no runtime: the end of the console
    /// must not hang on tasks that do.
    pub fn close(&self, at_most: Duration) -> bool {
        let (done, closed) = sync_channel(1);
        // The thread lets go of the channel unanswered where it ended before.
        self.requests.try_send(Request::Close(done)).is_ok() && closed.recv_timeout(at_most).is_ok()
    }

    fn offer(&self, request: Request) {
        if self.requests.try_send(request).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Failure>>) -> Request,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let closed = || HistoryError::Closed.failure("read the history", AGAIN);
        self.requests.try_send(request(answer)).map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

/// Serves until it is closed or nobody is left who could ask.
fn serve(mut keeper: Keeper, requests: &Receiver<Request>, clock: &dyn Clock) {
    let mut flushed = clock.now();
    loop {
        let request = requests.recv_timeout(FLUSH);
        let now = clock.now();
        match request {
            Ok(Request::Samples(samples)) => keeper.take(samples),
            Ok(Request::Mark(mark)) => keeper.mark(mark),
            // Whoever asked may have gone; then nobody wants the answer.
            Ok(Request::Range(query, answer)) => drop(answer.send(keeper.range(&query, now))),
            Ok(Request::Kept(answer)) => drop(answer.send(keeper.kept(now))),
            Ok(Request::Close(done)) => {
                keeper.flush(now, true);
                drop(keeper);
                // Who asked may not have waited.
                let _ = done.send(());
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return keeper.flush(now, true),
        }
        // A clock that was set back must not stop the writing.
        if now < flushed || now.since(flushed) >= FLUSH {
            flushed = now;
            keeper.flush(now, false);
        }
    }
}
