//! One log that someone reads: over whatever connection its server has, for as long as the handle
//! is held.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::backoff::Backoff;
use super::server::Current;
use crate::collectors::logs::{Log, Sink};
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::log_source::LogSource;
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::log_batch::Part;
use crate::message::publish::Publish;

/// A log that is read. Dropping it ends that, here and on the server.
pub struct Following {
    ended: oneshot::Receiver<Result<(), Failure>>,
    _task: AbortOnDropHandle<()>,
}

impl Following {
    /// Waits until a range that is not followed was read to its end, or could not be. One that is
    /// followed only ends with its server's place in the configuration.
    pub async fn ended(&mut self) -> Result<(), Failure> {
        match (&mut self.ended).await {
            Ok(ended) => ended,
            Err(_) => Err(Failure::new(FailureKind::Bug, "read a log", "its reader is gone")),
        }
    }

    pub(super) fn start(follower: Follower) -> Self {
        let (tell, ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            let (out, clock, source) =
                (Arc::clone(&follower.out), Arc::clone(&follower.clock), follower.source.clone());
            // A task of its own, so that its panic is caught.
            let end = match AbortOnDropHandle::new(tokio::spawn(follower.run())).await {
                Ok(end) => end,
                Err(error) => {
                    let failure = super::keep::bug("log", error);
                    publish(out.as_ref(), clock.as_ref(), &source, failure.clone());
                    Err(failure)
                }
            };
            // Nobody may be waiting for the end.
            let _ = tell.send(end);
        });
        Self { ended, _task: AbortOnDropHandle::new(task) }
    }
}

/// What a log's task works with.
pub(super) struct Follower {
    pub(super) source: LogSource,
    pub(super) log: Box<dyn Log>,
    /// Whether it goes on after what there is.
    pub(super) follow: bool,
    /// Which part of the log this is; the end of an earlier one is told as such, and so is its failure.
    pub(super) part: Part,
    pub(super) current: Current,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) out: Arc<dyn Publish>,
}

impl Follower {
    async fn run(mut self) -> Result<(), Failure> {
        let (clock, out) = (Arc::clone(&self.clock), Arc::clone(&self.out));
        let mut sink = Sink::new(self.source.clone(), self.part.clone(), clock, out);
        let ended = self.read(&mut sink).await;
        if self.part != Part::Followed {
            sink.end(ended.clone().err()).await;
        }
        ended
    }

    async fn read(&mut self, sink: &mut Sink) -> Result<(), Failure> {
        let mut backoff = Backoff::default();
        loop {
            let standing =
                self.current.wait_for(|transport| transport.as_ref().is_some_and(|one| !one.is_closed()));
            let transport = match standing.await.map(|transport| transport.clone()) {
                Ok(Some(transport)) => transport,
                Ok(None) => continue,
                Err(_) => return Err(self.not_configured()),
            };
            let started = Instant::now();
            let failure = match self.log.read(&transport, sink).await {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            sink.flush().await;
            if transport.is_closed() {
                // The server's own line tells of that; the log goes on over the next connection.
                continue;
            }
            let rest = backoff.after(failure.retry, started.elapsed());
            let failure = failure.retry(Retry::After(rest));
            if self.part == Part::Followed {
                publish(self.out.as_ref(), self.clock.as_ref(), &self.source, failure.clone());
            }
            if !self.follow {
                return Err(failure);
            }
            tokio::time::sleep(rest).await;
        }
    }

    fn not_configured(&self) -> Failure {
        let what = format!("read the log {}", self.source);
        Failure::new(
            FailureKind::NotFound,
            what,
            format!("{} is not configured any more", self.source.server),
        )
    }
}

fn publish(out: &dyn Publish, clock: &dyn Clock, source: &LogSource, failure: Failure) {
    let observation = Observation::Failed(Subject::Logs(source.stream.clone()), failure);
    out.batch(Batch { server: source.server.clone(), at: clock.now(), observation });
}
