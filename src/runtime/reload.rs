//! Takes a changed configuration while the console runs. One that does not parse changes nothing,
//! and the console says so.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::observers::Observers;
use super::setup;
use crate::config::reload::{Reload, reload};
use crate::config::{Config, LoadError, Loaded};
use crate::message::event::Event;
use crate::message::publish::Publish;

/// How often the file is looked at. An editor writes in several steps: what is there after one more
/// look without a change is taken.
const EVERY: Duration = Duration::from_secs(1);

/// What the watch works with.
pub struct Watch<R> {
    /// The file.
    pub path: PathBuf,
    /// The configuration in force.
    pub config: Config,
    /// Whether the console may change nothing.
    pub read_only: bool,
    /// Reads the configuration with all its layers.
    pub read: R,
    /// Who takes the changed servers.
    pub observers: Arc<Observers>,
    /// Who is told.
    pub out: Arc<dyn Publish>,
}

/// What tells one state of a file from another.
type Stamp = Option<(SystemTime, u64)>;

async fn stamp(path: &Path) -> Stamp {
    let meta = tokio::fs::metadata(path).await.ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

impl<R: Fn() -> Result<Loaded, LoadError> + Send + Sync + 'static> Watch<R> {
    /// Watches for as long as it is not dropped.
    pub async fn run(mut self) {
        let read = Arc::new(self.read);
        // The file may have changed since it was read and before it is watched: it is read once more.
        let mut taken = None;
        let mut before = stamp(&self.path).await;
        loop {
            tokio::time::sleep(EVERY).await;
            let now = stamp(&self.path).await;
            let settled = now == before;
            before = now;
            // A file that is gone for a moment is being replaced; one that stays away is not a reason
            // to forget the servers.
            if now == taken || now.is_none() || !settled {
                continue;
            }
            taken = now;
            let (read, current) = (Arc::clone(&read), self.config.clone());
            let Ok(outcome) = tokio::task::spawn_blocking(move || reload(&current, || read())).await else {
                continue;
            };
            match outcome {
                Reload::Taken { config, changes, .. } => {
                    if changes.is_empty() {
                        continue;
                    }
                    self.observers.update(&config).await;
                    let source = Some(self.path.display().to_string());
                    let setup = setup::setup(&config, source, self.read_only);
                    self.config = *config;
                    self.out.control(Event::Setup(setup)).await;
                }
                Reload::Kept(error) => self.out.control(Event::SetupRefused(error.into_failure())).await,
            }
        }
    }
}
