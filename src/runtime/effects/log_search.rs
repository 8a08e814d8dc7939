//! Searches over log lines, on a thread of their own that lives as long as the console, so that a
//! search over a million lines holds up nothing.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::domain::ids::RequestId;
use crate::message::effect::{SearchLogs, SearchPurpose};
use crate::message::event::{Event, Reply};
use crate::message::publish::Publish;
use crate::store::logs::{SegmentHits, search};

/// The most threads that one search uses; the loop and the collectors need the others.
const MOST_THREADS: usize = 4;

/// Takes searches. For each purpose the newest one counts: it takes the place of one that waits,
/// and stops one that runs.
pub struct LogSearcher {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    ready: Condvar,
    /// The newest request of each purpose.
    newest: [AtomicU64; 2],
}

#[derive(Default)]
struct Waiting {
    jobs: BTreeMap<SearchPurpose, (RequestId, SearchLogs)>,
    closed: bool,
}

impl LogSearcher {
    /// Starts the thread. Answers go to `out`, from within the runtime of `tasks`.
    pub fn start(tasks: Handle, out: Arc<dyn Publish>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        std::thread::Builder::new().name("log-search".to_owned()).spawn(move || {
            while let Some((request, job)) = its.next() {
                its.run(request, &job, &tasks, &*out);
            }
        })?;
        Ok(Self { shared })
    }

    /// Asks for a search; does not wait.
    pub fn search(&self, request: RequestId, job: SearchLogs) {
        self.shared.newest[job.purpose as usize].store(request.0, Ordering::Relaxed);
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.jobs.insert(job.purpose, (request, job));
        drop(waiting);
        self.shared.ready.notify_one();
    }
}

impl Drop for LogSearcher {
    fn drop(&mut self) {
        for newest in &self.shared.newest {
            newest.store(u64::MAX, Ordering::Relaxed);
        }
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.ready.notify_one();
    }
}

impl Shared {
    /// The next search, what passes the filters before what is looked for in it; `None` at the end.
    fn next(&self) -> Option<(RequestId, SearchLogs)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.closed {
                return None;
            }
            if let Some((_, job)) = waiting.jobs.pop_first() {
                return Some(job);
            }
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run(&self, request: RequestId, job: &SearchLogs, tasks: &Handle, out: &dyn Publish) {
        let newest = &self.newest[job.purpose as usize];
        let stop = || newest.load(Ordering::Relaxed) != request.0;
        let tell = |segments: Vec<SegmentHits>, done| {
            tasks.block_on(out.control(Event::Reply(request, Reply::Found { segments, done })));
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let complete = search(&job.work, &job.matcher, threads, &stop, &|segments| tell(segments, false));
        if complete {
            tell(Vec::new(), true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log_source::{LogSource, LogStream};
    use crate::domain::time::Timestamp;
    use crate::message::inbox::Inbox;
    use crate::store::logs::{ChunkBuilder, Flags, Hits, LogStore, Pattern, Query, Unsearched};
    use std::time::Duration;

    #[test]
    fn a_search_answers_bit_by_bit_and_a_later_one_takes_its_place() {
        let mut builder = ChunkBuilder::default();
        for n in 0..10_000 {
            builder.push_raw(&format!("line {n}"), Timestamp::from_millis(n), Flags::NONE);
        }
        let source = LogSource { server: "a".into(), stream: LogStream::Journal { unit: None } };
        let mut store = LogStore::default();
        store.append(&source, &builder.take(), Timestamp::from_secs(100));
        let ids = [store.intern(&source)];
        let job = |text: &str| SearchLogs {
            purpose: SearchPurpose::Filter,
            matcher: Query { include: vec![Pattern::text(text)], ..Query::default() }.compile().unwrap(),
            work: Unsearched::of(&store.snapshot(&ids), &Hits::default()),
        };

        let tasks = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let inbox = Arc::new(Inbox::default());
        let searcher = LogSearcher::start(tasks.handle().clone(), Arc::<Inbox>::clone(&inbox)).unwrap();
        searcher.search(RequestId(1), job("line 1"));
        searcher.search(RequestId(2), job("line 99"));

        let mut hits = Hits::default();
        loop {
            inbox.wait(Some(Duration::from_secs(5)));
            let Some(event) = inbox.take() else { panic!("no answer came") };
            let Event::Reply(request, Reply::Found { segments, done }) = event else { continue };
            if request == RequestId(2) {
                for found in segments {
                    hits.take(found);
                }
                if done {
                    break;
                }
            }
        }
        assert_eq!(hits.count(), 1 + 10 + 100);
    }
}
