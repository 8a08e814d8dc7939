//! How many servers are being connected to and read for the first time, so that what can wait
//! does not compete with it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// What takes longer than this waits for a server that does not answer; nobody else waits for it.
const LIVELY: Duration = Duration::from_millis(500);

/// From the end of a handshake to the first question is a moment, in which nothing is under way.
const BETWEEN: Duration = Duration::from_millis(10);

/// What is under way and young.
#[derive(Debug)]
pub struct Rush {
    young: watch::Sender<usize>,
}

impl Default for Rush {
    fn default() -> Self {
        Self { young: watch::Sender::new(0) }
    }
}

impl Rush {
    /// Carries out what is urgent; it counts until it ends or is not young any more.
    pub async fn count<T>(&self, urgent: impl Future<Output = T>) -> T {
        let young = Young::enter(&self.young);
        tokio::pin!(urgent);
        tokio::select! {
            done = &mut urgent => return done,
            () = sleep(LIVELY) => drop(young),
        }
        urgent.await
    }

    /// Waits until there is none, and for a moment none came.
    pub async fn over(&self) {
        let mut young = self.young.subscribe();
        loop {
            // The sender is ours, so it cannot be gone.
            let _ = young.wait_for(|young| *young == 0).await;
            sleep(BETWEEN).await;
            if *young.borrow_and_update() == 0 {
                return;
            }
        }
    }
}

struct Young<'a>(&'a watch::Sender<usize>);

impl<'a> Young<'a> {
    fn enter(young: &'a watch::Sender<usize>) -> Self {
        young.send_modify(|young| *young += 1);
        Self(young)
    }
}

impl Drop for Young<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|young| *young = young.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Arc;
    use tokio::time::{Instant, timeout};

    #[tokio::test(start_paused = true)]
    async fn it_is_over_when_the_last_one_ends_and_a_dead_server_holds_it_up_for_a_moment_only() {
        let rush = Arc::new(Rush::default());
        let counted = Arc::clone(&rush);
        tokio::spawn(async move { counted.count(sleep(Duration::from_millis(80))).await });
        tokio::task::yield_now().await;
        let start = Instant::now();
        rush.over().await;
        assert!((90..100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        let counted = Arc::clone(&rush);
        tokio::spawn(async move { counted.count(pending::<()>()).await });
        tokio::task::yield_now().await;
        assert!(timeout(LIVELY / 2, rush.over()).await.is_err());
        assert!(timeout(LIVELY, rush.over()).await.is_ok());
    }
}
