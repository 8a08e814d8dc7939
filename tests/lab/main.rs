//! Tests against the lab: real servers over real SSH. `tests/run` starts the lab and runs them;
//! plain `cargo test` leaves them out and says so. See `tests/lab/README.md`.
//!
//! Each is marked `#[ignore = "needs the lab: tests/run"]`. One that breaks something has `fault` in
//! its name, so that it runs alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::single_match_else,
    clippy::unchecked_time_subtraction,
    clippy::disallowed_methods,
    clippy::unnecessary_debug_formatting,
    reason = "a test ends where something is not as it should be, may say so, and drives real time"
)]

mod backup;
mod checks;
mod cli;
mod collectors;
mod console;
#[path = "../it/cuttable.rs"]
mod cuttable;
mod deploy;
mod doctor;
mod first_use;
mod headless;
mod keyring;
mod lab;
#[path = "../it/pty.rs"]
mod pty;
mod reach_back;
#[path = "../it/recorder.rs"]
mod recorder;
mod tools;
mod transports;
