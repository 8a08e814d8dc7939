//! Checks against servers of our own on the loopback, good and bad: what each does on a refusal, on
//! silence, on slowness and on garbage.

pub mod bench;
mod client;
mod databases;
mod http;
mod others;
mod past;
mod runner;
pub mod tls;
