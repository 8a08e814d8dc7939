//! Access logs: requests, errors and times to answer over the last minute.
//!
//! Lives here: following the file. The figures are `window`'s, what a line says is `domain`'s. Not here:
//! showing the lines themselves, which is what following a log is for.

mod window;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::window::Window;
use super::logs::{LogAccess, LogRange, Sink, log};
use super::{Beat, Collector};
use crate::config::{LogFile, LogFormat};
use crate::domain::clock::Clock;
use crate::domain::failure::{Failure, FailureKind, Retry};
use crate::domain::line::access::{AccessFormat, Read};
use crate::domain::log_source::{LogSource, LogStream};
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::event::Event;
use crate::message::log_batch::{LogBatch, Part};
use crate::message::publish::Publish;

/// What a configured format is, where it is an access log's.
pub const fn format(format: LogFormat) -> Option<AccessFormat> {
    match format {
        LogFormat::Caddy => Some(AccessFormat::Caddy),
        LogFormat::Nginx => Some(AccessFormat::Nginx),
        LogFormat::Json | LogFormat::Plain => None,
    }
}

/// One access log.
pub struct AccessCollector {
    label: String,
    path: String,
    format: AccessFormat,
    sudo: bool,
    interval: Duration,
}

impl AccessCollector {
    /// Publishes every `interval` while someone watches.
    pub fn new(file: &LogFile, format: AccessFormat, sudo: bool, interval: Duration) -> Self {
        let label = file.label.clone().unwrap_or_else(|| file.path.clone());
        Self { label, path: file.path.clone(), format, sudo, interval }
    }
}

#[async_trait]
impl Collector for AccessCollector {
    fn name(&self) -> &'static str {
        "access"
    }

    fn subject(&self) -> Subject {
        Subject::Access(self.label.clone())
    }

    async fn run(&self, mut beat: Beat) -> Failure {
        let clock = Arc::clone(&beat.clock);
        let reader =
            Arc::new(Reader { format: self.format, window: Mutex::new(Window::new(clock.now())), clock });
        let source =
            LogSource { server: beat.server.clone(), stream: LogStream::File { path: self.path.clone() } };
        let access = LogAccess { docker: None, sudo: self.sudo };
        let mut file = log(&beat.server, &source.stream, &access, LogRange::follow(0));
        let mut sink = Sink::new(source, Part::Followed, Arc::clone(&beat.clock), reader.clone());
        let transport = Arc::clone(&beat.transport);
        let reading = file.read(&transport, &mut sink);
        tokio::pin!(reading);
        // The very first figures are of no requests at all; they come when there was time for some.
        let mut pause = self.interval.min(Duration::from_secs(1));
        loop {
            tokio::select! {
                done = &mut reading => {
                    return done.err().unwrap_or_else(|| {
                        Failure::new(FailureKind::Bug, format!("follow {}", self.path), "it ended by itself").retry(Retry::Now)
                    });
                }
                () = beat.rest(pause) => {
                    let stats = reader.window().stats(&self.label, beat.clock.now());
                    beat.publish(Observation::Access(stats));
                    pause = self.interval;
                }
            }
        }
    }
}

/// Takes the lines of the file instead of the console.
struct Reader {
    format: AccessFormat,
    window: Mutex<Window>,
    clock: Arc<dyn Clock>,
}

impl Reader {
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Publish for Reader {
    fn batch(&self, _batch: Batch) {}

    async fn logs(&self, batch: LogBatch) {
        let now = self.clock.now();
        let mut window = self.window();
        for (line, ..) in batch.chunk.lines() {
            match self.format.read(line) {
                Read::Request(request) => window.request(request, now),
                Read::Unread => window.unread(now),
                Read::Other => {}
            }
        }
    }

    async fn control(&self, _event: Event) {}
}
