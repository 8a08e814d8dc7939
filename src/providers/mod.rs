//! Vendors' APIs and programs, one a folder: what is asked of them, and what their answers mean.
//!
//! Lives here: requests and the reading of answers, every one of which is hostile. Not here: how HTTP
//! is spoken (http), how a server is reached (transports), or what is made of it (engine, runtime).

pub mod archives;
pub mod notify;
pub mod registry;
