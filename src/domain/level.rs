//! Severity of a log line.

use serde::{Deserialize, Serialize};

/// The level of a line, from least to most severe; lines that say none are `Unknown`, and pass
/// every level filter, since nobody can say that they are harmless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Level {
    /// The line does not say.
    #[default]
    Unknown,
    /// Finest.
    Trace,
    /// For developers.
    Debug,
    /// Ordinary (and syslog's notice).
    Info,
    /// Unusual.
    Warn,
    /// Something failed.
    Error,
    /// The program cannot go on (critical, alert, emergency, panic).
    Fatal,
}

impl Level {
    /// The word on the screen and in options.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "-",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Reads a word as programs write it, in any case (`WARNING`, `err`, `crit`).
    pub fn parse(word: &str) -> Option<Self> {
        const WORDS: &[(&str, Level)] = &[
            ("trace", Level::Trace),
            ("trc", Level::Trace),
            ("debug", Level::Debug),
            ("dbg", Level::Debug),
            ("info", Level::Info),
            ("inf", Level::Info),
            ("information", Level::Info),
            ("notice", Level::Info),
            ("log", Level::Info),
            ("warn", Level::Warn),
            ("wrn", Level::Warn),
            ("warning", Level::Warn),
            ("error", Level::Error),
            ("err", Level::Error),
            ("severe", Level::Error),
            ("fatal", Level::Fatal),
            ("ftl", Level::Fatal),
            ("critical", Level::Fatal),
            ("crit", Level::Fatal),
            ("alert", Level::Fatal),
            ("emerg", Level::Fatal),
            ("emergency", Level::Fatal),
            ("panic", Level::Fatal),
        ];
        WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// From syslog's priority, 0 (emergency) to 7 (debug), RFC 5424 section 6.2.1.
    pub const fn from_syslog(priority: u8) -> Self {
        match priority {
            0..=2 => Self::Fatal,
            3 => Self::Error,
            4 => Self::Warn,
            5 | 6 => Self::Info,
            7 => Self::Debug,
            _ => Self::Unknown,
        }
    }
}
