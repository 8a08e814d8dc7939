//! What a check found.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::health::{Health, Verdict};
use super::ids::{CheckId, ServerId};

/// The kinds of check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// An HTTP request.
    Http,
    /// A TCP connection.
    Tcp,
    /// A TLS handshake and its certificate.
    Tls,
    /// A DNS question.
    Dns,
    /// A command on a server.
    Command,
    /// A container's state.
    Container,
    /// A systemd unit's state.
    Unit,
    /// A PostgreSQL server.
    Postgres,
    /// A Redis server.
    Redis,
    /// A PromQL expression.
    Prometheus,
}

impl CheckKind {
    /// The word in configuration, on the screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::Command => "command",
            Self::Container => "container",
            Self::Unit => "unit",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Prometheus => "prometheus",
        }
    }
}

/// The latest verdict of a check, after its thresholds for failing and recovering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Which check.
    pub check: CheckId,
    /// Its kind.
    pub kind: CheckKind,
    /// What it looks at, for a reader (`https://shop.example/healthz`); no secrets.
    pub target: String,
    /// The server it is seen from; `None` from here.
    pub from: Option<ServerId>,
    /// The verdict.
    pub verdict: Verdict,
    /// How long the last attempt took, where it got an answer.
    pub latency: Option<Duration>,
    /// How often it is tried: older than three of these, the verdict is stale.
    pub interval: Duration,
    /// What else was read (`connections 12 of 100`), in order, label and value.
    pub facts: Vec<(String, String)>,
    /// What of it can be charted, in the units of the figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<(Figure, f64)>,
    /// Consecutive failing attempts.
    pub failures: u32,
    /// The server whose missing connection kept the check from looking: its trouble, not the target's.
    pub blocked_by: Option<ServerId>,
}

impl CheckResult {
    /// Whether it met what an app's visitors get while it is in maintenance. Of a `503` alone that cannot be
    /// told from an app that gives one by itself: only together with the mark in its proxy's file it says so.
    pub fn met_maintenance(&self) -> bool {
        let shut = || self.facts.iter().any(|(name, value)| name == "status" && value == "503");
        self.kind == CheckKind::Http && self.verdict.health != Health::Up && shut()
    }
}
