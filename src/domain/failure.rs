//! What failed, on what, why, what to do, and when to try again: the one shape in which an error
//! crosses from a room with I/O to the screen.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The kind decides the word on the screen and the exit code; the rest is for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No connection, or it broke.
    Unreachable,
    /// The other side did not accept who we are.
    Auth,
    /// The server's key is unknown or not the one we know.
    HostKey,
    /// We are known but may not do this.
    Permission,
    /// What was asked for is not there.
    NotFound,
    /// Something else holds or has changed it.
    Conflict,
    /// The other side asks us to slow down.
    RateLimited,
    /// No answer within the deadline.
    Timeout,
    /// What came back, or what was given, makes no sense.
    Invalid,
    /// This server cannot do it (no Docker, no systemd).
    Unsupported,
    /// Our own mistake.
    Bug,
}

impl FailureKind {
    /// One or two words for a row.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Auth => "not accepted",
            Self::HostKey => "host key",
            Self::Permission => "not permitted",
            Self::NotFound => "not found",
            Self::Conflict => "in use",
            Self::RateLimited => "rate limited",
            Self::Timeout => "timed out",
            Self::Invalid => "invalid",
            Self::Unsupported => "not available",
            Self::Bug => "midwatch bug",
        }
    }
}

/// When trying again makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Not before a person changed something.
    Never,
    /// At once.
    Now,
    /// After this long.
    After(Duration),
}

/// One failure, ready to be shown. Lower-case, no final dot, no "error:" before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its kind.
    pub kind: FailureKind,
    /// Verb, object, server: `read the container list of web-1`.
    pub what: String,
    /// The causes, outermost first, already free of control characters and secrets.
    pub why: Vec<String>,
    /// What a person can do about it, with the command where there is one.
    pub hint: Option<String>,
    /// When to try again.
    pub retry: Retry,
}

impl Failure {
    /// A failure with one cause and no hint.
    pub fn new(kind: FailureKind, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: vec![why.into()], hint: None, retry: Retry::Never }
    }

    /// The same with what a person can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with when to try again.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Whether it is of the way to a server, so that nothing is known of what is there.
    pub const fn is_of_the_way(&self) -> bool {
        use FailureKind::{Auth, HostKey, Timeout, Unreachable};
        matches!(self.kind, Unreachable | Auth | HostKey | Timeout)
    }

    /// The causes in one line.
    pub fn reason(&self) -> String {
        if self.why.is_empty() { self.kind.word().to_owned() } else { self.why.join(": ") }
    }

    /// An error and all its sources, outermost first, as `why` wants them; a source that only
    /// repeats the end of what stands before it is left out.
    pub fn chain(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
        let mut why: Vec<String> = Vec::new();
        let mut next = Some(error);
        while let Some(err) = next {
            let text = super::text::clean(&err.to_string()).into_owned();
            if why.last().is_none_or(|before| !before.ends_with(text.as_str())) {
                why.push(text);
            }
            next = err.source();
        }
        why
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.what, self.reason())?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
