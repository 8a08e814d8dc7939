//! A place to publish to that keeps everything, for tests of collectors.

use std::sync::Mutex;
use std::time::Duration;

use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::message::publish::Publish;
use tokio::sync::Notify;

#[derive(Default)]
pub struct Recorder {
    batches: Mutex<Vec<Batch>>,
    logs: Mutex<Vec<LogBatch>>,
    came: Notify,
}

#[async_trait::async_trait]
impl Publish for Recorder {
    fn batch(&self, batch: Batch) {
        self.batches.lock().unwrap().push(batch);
        self.came.notify_waiters();
    }

    async fn logs(&self, batch: LogBatch) {
        self.logs.lock().unwrap().push(batch);
        self.came.notify_waiters();
    }

    async fn control(&self, _event: Event) {}
}

#[allow(dead_code, reason = "each test target uses its part")]
impl Recorder {
    /// Everything that was published so far, taken away.
    pub fn take(&self) -> Vec<Batch> {
        std::mem::take(&mut self.batches.lock().unwrap())
    }

    /// Waits until something published gives a value; fails loudly with what came instead.
    pub async fn until<T>(&self, seconds: u64, find: impl FnMut(&Batch) -> Option<T>) -> T {
        let mut find = find;
        let look = async {
            loop {
                let came = self.came.notified();
                tokio::pin!(came);
                came.as_mut().enable();
                if let Some(found) = self.batches.lock().unwrap().iter().find_map(&mut find) {
                    return found;
                }
                came.await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(seconds), look).await {
            Ok(found) => found,
            Err(_elapsed) => {
                let batches = self.batches.lock().unwrap();
                let seen: Vec<String> = batches.iter().map(|batch| brief(&batch.observation)).collect();
                panic!("it did not come within {seconds} s; what came: {seen:#?}")
            }
        }
    }

    /// The text of every line that came, in order.
    pub fn lines(&self) -> Vec<String> {
        let logs = self.logs.lock().unwrap();
        logs.iter().flat_map(|batch| batch.chunk.lines().map(|(text, ..)| text.to_owned())).collect()
    }

    /// Waits until what came of logs gives a value.
    pub async fn until_logs<T>(&self, seconds: u64, mut find: impl FnMut(&[LogBatch]) -> Option<T>) -> T {
        let look = async {
            loop {
                let came = self.came.notified();
                tokio::pin!(came);
                came.as_mut().enable();
                if let Some(found) = find(&self.logs.lock().unwrap()) {
                    return found;
                }
                came.await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(seconds), look).await {
            Ok(found) => found,
            Err(_) => {
                let lines = self.lines();
                let failed: Vec<String> = self.take().iter().map(|batch| brief(&batch.observation)).collect();
                let last = lines.len().saturating_sub(5);
                panic!(
                    "it did not come within {seconds} s; {} lines, last {:?}; {failed:#?}",
                    lines.len(),
                    &lines[last..]
                )
            }
        }
    }
}

fn brief(observation: &Observation) -> String {
    let text = format!("{observation:?}");
    text.chars().take(300).collect()
}
