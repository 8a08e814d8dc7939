//! A line of an access log: what was answered, and how long it took. One file a format.

mod caddy;
mod nginx;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One request as its line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The status that was answered.
    pub status: u16,
    /// How long answering took, where the line tells.
    pub time: Option<Duration>,
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessFormat {
    /// Caddy's JSON.
    Caddy,
    /// nginx's `combined`, and what is often put behind it.
    Nginx,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// A request.
    Request(Request),
    /// Something else that may stand in such a log.
    Other,
    /// Nothing that the format knows.
    Unread,
}

impl AccessFormat {
    /// Reads a line.
    pub fn read(self, line: &str) -> Read {
        match self {
            Self::Caddy => caddy::read(line),
            Self::Nginx => nginx::read(line),
        }
    }
}
