//! Keeping what is read beyond this console's life: where the database lies, and its start and end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use directories::ProjectDirs;

use crate::config::HistoryConfig;
use crate::domain::clock::Clock;
use crate::history::{History, Options};
use crate::message::event::Event;
use crate::message::inbox::Inbox;

/// How long the end of the console waits for what is to be written.
pub const LAST_WORDS: Duration = Duration::from_secs(3);

/// Opens the database, where the configuration wants one. What goes wrong with it is told to the core.
pub fn start(config: &HistoryConfig, clock: &Arc<dyn Clock>, inbox: &Arc<Inbox>) -> Option<History> {
    let path = config.path.clone().or_else(usual_place).filter(|_| config.enabled)?;
    let mut options = Options::new(path);
    options.minutes = config.retention;
    options.long = options.long.max(config.retention);
    let inbox = Arc::clone(inbox);
    let opened = History::open(options, Arc::clone(clock), move |news| inbox.input(Event::Past(news)));
    opened.inspect_err(|error| tracing::warn!(%error, "no thread for the history")).ok()
}

/// The user's directory for state, or for data where the system has none for state.
fn usual_place() -> Option<PathBuf> {
    let places = ProjectDirs::from("", "", "midwatch")?;
    Some(places.state_dir().unwrap_or_else(|| places.data_local_dir()).join("history.db"))
}
