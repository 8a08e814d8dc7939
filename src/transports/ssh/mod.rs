//! SSH, by the operator's own configuration, agent, keys and known hosts.
//!
//! Lives here: everything between a target and a connection. Not here: when to connect, and what
//! to do when a connection ends (`links`).

mod auth;
mod channel;
mod config_file;
mod connect;
mod connection;
mod dial;
mod key_ring;
mod known_hosts;
mod pattern;
mod proof;
mod rush;
mod settings;
mod stall;
mod stream;
mod sweep;
mod target;
mod verify;
mod words;

pub use config_file::ConfigFileError;
pub use connect::{Limits, Shared, connect};
pub use connection::SshConnection;
pub use key_ring::KeyRing;
pub use known_hosts::address;
pub use rush::Rush;
pub(super) use settings::jump_target;
pub use settings::{Settings, resolve};
pub use target::SshTarget;
pub use words::{Operator, user};
