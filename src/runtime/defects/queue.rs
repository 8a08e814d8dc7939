//! Lines on their way to a file: whoever says something puts it here and goes on, and a thread of its
//! own writes. What finds no room is counted, and the count is written in its place.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::redact::Redactor;
use crate::domain::time::Timestamp;

/// How many bytes may wait.
const ROOM: usize = 512 << 10;
/// How long a line may be; the rest of a longer one is cut off.
const LONGEST: usize = 16 << 10;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    more: Condvar,
    written: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines that found no room since the last that did.
    missed: u64,
    /// Whether the thread holds something that is not in the file yet.
    under_way: bool,
}

impl Waiting {
    fn is_done(&self) -> bool {
        self.lines.is_empty() && self.missed == 0 && !self.under_way
    }
}

impl Queue {
    /// Starts the thread that writes, without secrets. It ends with the process. `now` is asked for the
    /// time of a count of its own.
    pub fn start(mut out: impl Write + Send + 'static, now: fn() -> Timestamp) -> io::Result<Self> {
        let queue = Self::default();
        let its = queue.clone();
        std::thread::Builder::new().name("defects".to_owned()).spawn(move || {
            loop {
                let (line, missed) = its.next();
                // On a full disk there is no better place to say so.
                if let Some(line) = line {
                    let text = String::from_utf8_lossy(&line);
                    let _ = out.write_all(Redactor::default().line(&text).as_bytes());
                }
                if missed > 0 {
                    let _ = writeln!(
                        out,
                        "{}  WARN midwatch: lines that found no room here: {missed}",
                        now().rfc3339()
                    );
                }
                its.lock().under_way = false;
                its.0.written.notify_all();
            }
        })?;
        Ok(queue)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a line, its end included. Does not wait.
    pub fn put(&self, mut line: Vec<u8>) {
        if line.len() > LONGEST {
            line.truncate(LONGEST - 1);
            line.push(b'\n');
        }
        let mut waiting = self.lock();
        // Until those before it are counted there is no room: the count stands where they would.
        if waiting.missed > 0 || waiting.bytes + line.len() > ROOM {
            waiting.missed += 1;
        } else {
            waiting.bytes += line.len();
            waiting.lines.push_back(line);
        }
        drop(waiting);
        self.0.more.notify_one();
    }

    /// The next line, and how many are missing behind it; only the last one has any behind it.
    fn next(&self) -> (Option<Vec<u8>>, u64) {
        let idle = |waiting: &mut Waiting| waiting.lines.is_empty() && waiting.missed == 0;
        let waiting = self.0.more.wait_while(self.lock(), idle);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        waiting.under_way = true;
        let line = waiting.lines.pop_front();
        waiting.bytes -= line.as_ref().map_or(0, Vec::len);
        let missed = if waiting.lines.is_empty() { std::mem::take(&mut waiting.missed) } else { 0 };
        (line, missed)
    }

    /// Waits until all is written that was put, at most this long; says whether it is.
    pub fn flush(&self, at_most: Duration) -> bool {
        let (waiting, _) = self
            .0
            .written
            .wait_timeout_while(self.lock(), at_most, |waiting| !waiting.is_done())
            .unwrap_or_else(PoisonError::into_inner);
        waiting.is_done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// A disk that takes a line only when it is let.
    struct Disk {
        let_go: Receiver<()>,
        took: SyncSender<String>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.let_go.recv().map_err(|_| io::Error::other("gone"))?;
            self.took.send(String::from_utf8_lossy(bytes).into_owned()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_hangs_holds_nobody_up_and_what_found_no_room_is_counted_in_its_place() {
        let (go, let_go) = sync_channel(10_000);
        let (took, taken) = sync_channel(10_000);
        let queue = Queue::start(Disk { let_go, took }, || Timestamp::from_secs(0)).unwrap();
        let lines = ROOM / 1024 + 500;
        for n in 0..lines {
            queue.put(format!("{n:<1023}\n").into_bytes());
        }
        assert!(!queue.flush(Duration::from_millis(50)));
        for _ in 0..10_000 {
            go.send(()).unwrap();
        }
        assert!(queue.flush(Duration::from_secs(10)));
        queue.put(b"after\n".to_vec());
        assert!(queue.flush(Duration::from_secs(10)));
        let taken: String = taken.try_iter().collect();
        let taken: Vec<&str> = taken.lines().map(str::trim).collect();
        let [written @ .., count, "after"] = &taken[..] else { panic!("{:?}", taken.last()) };
        let missed: usize = count.rsplit(' ').next().unwrap().parse().unwrap();
        assert!(missed >= 499, "{count}");
        assert_eq!(written.len() + missed, lines);
        assert!(written.iter().enumerate().all(|(n, line)| *line == n.to_string()));
    }

    #[test]
    fn an_endless_line_is_cut() {
        let (go, let_go) = sync_channel(10);
        let (took, taken) = sync_channel(10);
        let queue = Queue::start(Disk { let_go, took }, || Timestamp::from_secs(0)).unwrap();
        queue.put(vec![b'x'; 1 << 20]);
        go.send(()).unwrap();
        assert!(queue.flush(Duration::from_secs(10)));
        let line = taken.recv().unwrap();
        assert!(line.len() == LONGEST && line.ends_with("x\n"));
    }
}
