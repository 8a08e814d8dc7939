//! Keeps one collector running over one connection: starts it again after a failure, and outlives
//! its panics.

use std::sync::Arc;

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::backoff::Backoff;
use crate::collectors::{Beat, Collector};
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::text::{clean, shorten};

/// The longest word of a panic that is shown, in characters.
const LONGEST: usize = 200;

/// Runs the collector until the connection is gone or this is dropped.
pub(super) async fn keep(collector: Arc<dyn Collector>, beat: Beat) {
    let mut backoff = Backoff::default();
    while !beat.transport.is_closed() {
        let started = Instant::now();
        let run = {
            let (collector, beat) = (Arc::clone(&collector), beat.clone());
            // A task of its own, so that its panic is caught where it ends.
            AbortOnDropHandle::new(tokio::spawn(async move { collector.run(beat).await }))
        };
        let failure = match run.await {
            Ok(failure) => failure,
            Err(error) => bug(collector.name(), error),
        };
        // A lost connection is told once, as what it is, and not once by each collector.
        if beat.transport.is_closed() {
            return;
        }
        let rest = backoff.after(failure.retry, started.elapsed());
        beat.failed(collector.subject(), failure.retry(Retry::After(rest)));
        tokio::time::sleep(rest).await;
    }
}

/// What a panic becomes: our own mistake, with its words.
pub(super) fn bug(name: &str, error: tokio::task::JoinError) -> Failure {
    let why = match error.try_into_panic() {
        Ok(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said =
                said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
            shorten(&clean(said), LONGEST).into_owned()
        }
        Err(_) => "it was aborted".to_owned(),
    };
    Failure::new(FailureKind::Bug, format!("run the {name} collector"), why)
        .hint("please report this; everything else goes on")
        .retry(Retry::Now)
}
