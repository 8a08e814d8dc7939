//! `[logs]`: the memory for lines; and the log files of a server.

use super::mistake::Mistake;
use super::scalars::RemotePath;
use super::table::Table;
use super::words::words;
use crate::domain::quantity::Bytes;

/// The least memory that holds a useful stretch of lines.
const LEAST: u64 = 8 << 20;

/// What holds for all logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogsConfig {
    /// Memory for lines of all sources together, at least 8 MiB; the oldest give way.
    pub memory: Bytes,
}

impl Default for LogsConfig {
    fn default() -> Self {
        Self { memory: Bytes(256 << 20) }
    }
}

impl LogsConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        let memory = t.or("memory", Self::default().memory);
        if memory.0 < LEAST {
            t.report(
                Mistake::error(t.span_of("memory"), "too little memory for logs").label("at least \"8MiB\""),
            );
        }
        Self { memory }
    }
}

words! {
    /// What the lines of a log file are.
    LogFormat {
        /// Caddy's access log, JSON.
        Caddy = "caddy",
        /// nginx's access log in its `combined` format.
        Nginx = "nginx",
        /// One JSON object a line.
        Json = "json",
        /// Just text.
        Plain = "plain",
    }
}

/// A log file on a server, followed over its rotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its absolute path on the server.
    pub path: String,
    /// What its lines are.
    pub format: LogFormat,
    /// What it is called on the screen; its path where nothing is said.
    pub label: Option<String>,
}

impl LogFile {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let path = t.need::<RemotePath>("path");
        let format = t.or("format", LogFormat::Plain);
        let label = t.opt("label");
        Some(Self { path: path?.0, format, label })
    }
}
