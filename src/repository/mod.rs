//! Repositories of backups, in restic's own format: whatever is written here, the program restic reads,
//! checks and restores without us.
//!
//! Lives here: opening, writing what streams in, reading it back, listing, forgetting, pruning, checking,
//! restic's locks. Not here: how a datastore is read on its server (engine), which backups are kept
//! (domain), what is shown.
//!
//! The library that writes the format blocks, so all of it runs on threads that may.

mod away;
pub mod check;
mod error;
mod files;
mod folder;
mod gate;
mod incoming;
pub mod list;
mod lock;
pub mod prune;
pub mod read;
mod shelf;
mod vault;
mod write;

pub use error::RepositoryError;
pub use incoming::{Feed, Incoming, NobodyTakes, Sum, incoming};
pub use vault::Vault;
pub use write::{Content, Entry, Label, Written};
