//! midwatch: a terminal console for the engineer on call.
//!
//! The rooms and the arrows between them are described in ARCHITECTURE.md; `tests/architecture.rs`
//! holds them.

pub mod actions;
pub mod app;
pub mod cli;
pub mod collectors;
pub mod config;
pub mod domain;
pub mod engine;
pub mod history;
pub mod http;
pub mod keys;
pub mod message;
pub mod operations;
pub mod providers;
pub mod repository;
pub mod runtime;
pub mod state;
pub mod store;
pub mod theme;
pub mod transports;
pub mod views;
pub mod widgets;
