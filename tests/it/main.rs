//! Integration tests that need no lab: one file a subject.
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

mod changes;
mod checks;
mod cli;
mod collectors;
mod config;
mod config_faults;
mod console;
mod cuttable;
mod datastore;
mod demo;
mod hints;
mod history;
mod lists;
mod log_files;
mod log_keys;
mod logs;
mod notify;
mod offline;
mod pages;
mod pty;
mod recorder;
mod recordings;
mod registry;
mod repository;
mod screens;
mod terminal;
mod themes;
mod transports;
mod unread;
mod whole;
