//! The real collectors over the real connections, with a taker that notes when what came.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use midwatch::config::locate::Location;
use midwatch::config::{Config, Options};
use midwatch::domain::clock::Clock;
use midwatch::domain::ids::ServerId;
use midwatch::domain::link::Link;
use midwatch::domain::question::NobodyThere;
use midwatch::message::batch::{Batch, Observation};
use midwatch::message::event::Event;
use midwatch::message::log_batch::LogBatch;
use midwatch::message::publish::Publish;
use midwatch::runtime::clock::SystemClock;
use midwatch::runtime::observers::Observers;

use super::Outcome;

/// What came from where.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The connection stands.
    Up,
    /// Vitals, with rates or without.
    Vitals {
        /// Whether the processor's share is among them.
        rates: bool,
    },
    /// A failure, in its words.
    Failed(String),
}

/// See the module.
#[derive(Default)]
pub struct Taker {
    came: Mutex<Came>,
    news: Condvar,
}

/// All that came.
#[derive(Default)]
pub struct Came {
    /// In its order.
    pub what: Vec<(Instant, ServerId, What)>,
    /// Lines of logs.
    pub lines: usize,
    /// When the last of them came.
    pub last_line: Option<Instant>,
}

impl Came {
    /// When this came first from a server since then.
    pub fn first(&self, since: Instant, server: &str, is: impl Fn(&What) -> bool) -> Option<Instant> {
        let mut came = self.what.iter().filter(|(at, from, _)| *at >= since && from.as_str() == server);
        came.find(|(_, _, what)| is(what)).map(|(at, _, _)| *at)
    }

    /// What failed, for the one who reads the bench.
    pub fn failures(&self) -> Vec<String> {
        let said = |(_, server, what): &(Instant, ServerId, What)| match what {
            What::Failed(why) => Some(format!("{server}: {why}")),
            _ => None,
        };
        self.what.iter().filter_map(said).collect()
    }
}

impl Taker {
    /// Waits until something is so, at most this long; gives back what it is.
    pub fn wait<T>(&self, within: Duration, is: impl Fn(&Came) -> Option<T>) -> Option<T> {
        let end = Instant::now() + within;
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(value) = is(&came) {
                return Some(value);
            }
            let left = end.checked_duration_since(Instant::now())?;
            came = self.news.wait_timeout(came, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn note(&self, note: impl FnOnce(&mut Came)) {
        note(&mut self.came.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.notify_all();
    }
}

#[async_trait::async_trait]
impl Publish for Taker {
    fn batch(&self, batch: Batch) {
        let what = match batch.observation {
            Observation::Link(Link::Up) => What::Up,
            Observation::Link(Link::Down { failure, .. }) | Observation::Failed(_, failure) => {
                What::Failed(failure.to_string())
            }
            Observation::Vitals(vitals) => What::Vitals { rates: vitals.cpu.is_some() },
            _ => return,
        };
        self.note(|came| came.what.push((Instant::now(), batch.server, what)));
    }

    async fn logs(&self, batch: LogBatch) {
        self.note(|came| {
            came.lines += batch.chunk.len();
            came.last_line = Some(Instant::now());
        });
    }

    async fn control(&self, _event: Event) {}
}

/// Collectors that run.
pub struct Watching {
    /// What they publish to.
    pub taker: Arc<Taker>,
    /// The collectors and connections.
    pub observers: Observers,
    /// When they began.
    pub began: Instant,
    /// Where they run; dropped last.
    pub tasks: tokio::runtime::Runtime,
}

/// Reads a configuration.
pub fn config(path: &Path) -> Outcome<Config> {
    let location = Location::find(Some(path), |_| None);
    let loaded = location.load(Options { home: None, themes: None, actions: &[] });
    Ok(loaded.map_err(|error| error.into_failure().to_string())?.config)
}

/// Begins with a configuration, as the console does.
pub fn watch(config: &Config) -> Outcome<Watching> {
    let began = Instant::now();
    let tasks = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let taker = Arc::<Taker>::default();
    let out: Arc<dyn Publish> = Arc::<Taker>::clone(&taker);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let guard = tasks.enter();
    let observers = Observers::new(config, &clock, &out, Arc::new(NobodyThere));
    observers.begin(config);
    drop(guard);
    Ok(Watching { taker, observers, began, tasks })
}
