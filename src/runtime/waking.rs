//! Notices that the machine slept: a laptop that wakes tries its servers at once, and not when rests that
//! began before it slept are over.

use std::time::Duration;

use tokio::time::sleep;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);
/// What is shorter is no sleep, but two clocks that were not read at the same moment.
const NAP: Duration = Duration::from_secs(1);

/// Looks for as long as it is let: `slept` says how long the machine slept in all, and `woke` is told how
/// long each sleep was, when it is over.
pub async fn watch<F>(slept: impl Fn() -> Duration + Send, woke: impl Fn(Duration) -> F + Send)
where
    F: Future<Output = ()> + Send,
{
    let mut before = slept();
    loop {
        sleep(EVERY).await;
        let now = slept();
        let nap = now.saturating_sub(before);
        before = now;
        if nap >= NAP {
            woke(nap).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_sleep_is_told_once_soon_after_it() {
        let (slept, told) = (AtomicU64::new(700_000), Mutex::new(Vec::<Duration>::new()));
        let watch = watch(
            || Duration::from_millis(slept.load(Ordering::SeqCst)),
            |nap| {
                told.lock().unwrap().push(nap);
                async {}
            },
        );
        let script = async {
            sleep(Duration::from_secs(9)).await;
            assert!(told.lock().unwrap().is_empty(), "what was before is no sleep");
            slept.fetch_add(3_600_000, Ordering::SeqCst);
            sleep(EVERY).await;
            assert_eq!(*told.lock().unwrap(), [Duration::from_secs(3600)]);
            slept.fetch_add(3, Ordering::SeqCst);
            sleep(Duration::from_secs(9)).await;
        };
        tokio::pin!(watch);
        tokio::select! { () = &mut watch => {}, () = script => {} }
        assert!(timeout(EVERY, watch).await.is_err());
        assert_eq!(*told.lock().unwrap(), [Duration::from_secs(3600)]);
    }

    #[test]
    fn this_machine_does_not_sleep_while_it_is_asked() {
        let before = crate::runtime::clock::slept();
        let nap = crate::runtime::clock::slept().saturating_sub(before);
        assert!(nap < NAP, "{nap:?}");
    }
}
