//! Tests against the lab: real servers over real SSH. `tests/run` starts the lab and runs them;
//! plain `cargo test` leaves them out and says so. See `tests/lab/README.md`.
//!
//! Each is marked `#[ignore = "needs the lab: tests/run"]`. One that breaks something has `fault` in
//! its name, so that it runs alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod checks;
mod lab;
mod tools;
mod transports;
