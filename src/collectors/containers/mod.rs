//! Containers: the list, kept true by the engine's events, and what the running ones use.
//!
//! Lives here: the two collectors. The pure reading of the engine's answers is `inspect` and
//! `usage`. Not here: changing a container, or its log (`logs/`).

mod inspect;
mod lenient;
mod list;
mod marks;
mod stats;
mod usage;

pub use list::ContainersCollector;
pub use stats::UsageCollector;
