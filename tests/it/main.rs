//! Integration tests that need no lab: one file a subject.

mod config;
mod history;
