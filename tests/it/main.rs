//! Integration tests that need no lab: one file a subject.

mod collectors;
mod config;
mod history;
mod recorder;
