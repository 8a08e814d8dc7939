//! Integration tests that need no lab: one file a subject.

mod collectors;
mod config;
mod cuttable;
mod history;
mod log_files;
mod recorder;
mod config_faults;
