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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::collectors::Pace;
    use crate::domain::clock::FixedClock;
    use crate::domain::time::Timestamp;
    use crate::message::batch::{Batch, Observation, Subject};
    use crate::message::event::Event;
    use crate::message::log_batch::LogBatch;
    use crate::message::publish::Publish;
    use crate::transports::local::Local;

    #[derive(Default)]
    struct Published(Mutex<Vec<Observation>>);

    #[async_trait::async_trait]
    impl Publish for Published {
        fn batch(&self, batch: Batch) {
            self.0.lock().unwrap().push(batch.observation);
        }

        async fn logs(&self, _batch: LogBatch) {}

        async fn control(&self, _event: Event) {}
    }

    /// Panics at its first two starts, and works from the third on.
    #[derive(Default)]
    struct Clumsy(AtomicU32);

    #[async_trait::async_trait]
    impl Collector for Clumsy {
        fn name(&self) -> &'static str {
            "clumsy"
        }

        fn subject(&self) -> Subject {
            Subject::Containers
        }

        async fn run(&self, beat: Beat) -> Failure {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => panic!("dropped \x1b[31mthe {}", "tray"),
                1 => std::panic::panic_any(7),
                _ => beat.publish(Observation::Containers(Vec::new())),
            }
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_told_as_our_bug_and_the_collector_starts_again() {
        let out = Arc::new(Published::default());
        let (_pace, pace) = tokio::sync::watch::channel(Pace::Watched);
        let beat = Beat {
            server: "web-1".into(),
            transport: Arc::new(Local),
            clock: Arc::new(FixedClock(Timestamp::from_millis(0))),
            out: out.clone(),
            pace,
            first: tokio_util::sync::CancellationToken::new(),
        };
        let kept = keep(Arc::new(Clumsy::default()), beat);
        // It goes on for as long as the connection stands, so that only the time ends it.
        assert!(tokio::time::timeout(std::time::Duration::from_secs(30), kept).await.is_err());
        let seen = out.0.lock().unwrap();
        let [
            Observation::Failed(Subject::Containers, first),
            Observation::Failed(_, second),
            Observation::Containers(_),
        ] = &seen[..]
        else {
            panic!("something else was published: {seen:?}")
        };
        for (failure, said) in [(first, "dropped ␛[31mthe tray"), (second, "a panic without words")] {
            assert_eq!(failure.kind, FailureKind::Bug);
            assert!(
                failure.to_string().contains("clumsy") && failure.to_string().contains(said),
                "{failure}"
            );
            assert!(matches!(failure.retry, Retry::After(_)), "{failure:?}");
        }
    }
}
