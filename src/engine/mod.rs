//! Carrying out: gathering the facts that a plan is made of, executing the frozen plan, the lock and
//! the ledger on the servers.
//!
//! Lives here: what is said on a connection to change something, and to know what to change. Not
//! here: what a plan is made of (operations), how it is confirmed or shown.

pub mod adopt;
pub mod approval;
pub mod browse;
mod dump;
pub mod exec;
pub mod gather;
mod ground;
mod guarded;
mod ledger;
pub mod lock;
mod mark;
mod noted;
mod notify;
mod perform;
mod restore;
pub mod run;
mod sent;
pub mod tags;
pub mod unfinished;

pub use ground::{Engines, Ground, Vaults};
pub use notify::Notifying;
pub use restore::here;
pub use run::{Confirmed, Runner, Tell, Way};
pub use sent::read as read_sent;
