//! The embedded database: what is kept of series and events when the console ends.
//!
//! Lives here: the file and its schema, folding readings into minutes, retention, questions over a
//! range. All of it runs on a thread of its own behind a bounded channel. Not here: live values
//! (`store/`), what is shown of either (`state/`).
//!
//! Several consoles may have the same file open: writing merges, so that what two of them saw of the
//! same minute is kept once.

mod aside;
mod database;
mod error;
mod frame;
mod handle;
pub mod journal;
mod keeper;
mod marks;
mod minutes;
mod names;
mod rollup;
mod schema;
mod tally;

pub use error::HistoryError;
pub use handle::{History, Options};
