//! Checks: rules that judge, each seen from here or from a server. One file a kind; `runner` tries
//! them again and again, or once.
//!
//! Not here: what makes a check fail or recover (`domain::check_state`), the condition language
//! (`domain::condition`), or how a server is reached (transports).
//!
//! What every kind does alike: a target that refuses, stays silent past the deadline, or answers
//! nonsense is down; where we could not look (no connection to the server it is seen from, no
//! resolver, no secret) it is unknown, with the reason; a limit that is passed makes it degraded.

pub mod attempt;
mod bounded;
mod certificate;
pub mod command;
pub mod container;
mod database;
pub mod dns;
pub mod http;
pub mod look;
mod means;
pub mod postgres;
mod postgres_figures;
mod postgres_limits;
mod postgres_tls;
mod postgres_url;
pub mod prometheus;
pub mod reach;
pub mod redis;
mod redis_figures;
pub mod runner;
mod secrets;
mod security_headers;
mod seen;
pub mod send;
pub mod target;
pub mod task;
pub mod tcp;
pub mod tls;
pub mod unit;

pub use attempt::Attempt;
pub use means::{Means, Servers};
pub use reach::Reach;
pub use runner::{Runner, run_once};
pub use task::{Task, tasks};
