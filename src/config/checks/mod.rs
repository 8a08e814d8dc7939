//! `[checks.NAME]`: rules that judge. One file a kind; what all kinds share is here.

pub mod command;
pub mod container;
mod database;
pub mod dns;
pub mod http;
pub mod postgres;
pub mod prometheus;
pub mod redis;
mod secret_url;
pub mod tcp;
pub mod tls;
pub mod unit;

use std::time::Duration;

use super::amounts::Count;
use super::mistake::Mistake;
use super::scalars::Interval;
use super::table::Table;
use super::value::{Read, Value, quoted};
use super::walk::Names;
use super::words::{nearest_word, read_word, words};
use crate::domain::check::CheckKind;
use crate::domain::health::Health;
use crate::domain::ids::{AppId, ServerId};
use crate::domain::quantity::Percent;

pub use command::CommandCheck;
pub use container::ContainerCheck;
pub use database::DatabaseAt;
pub use dns::DnsCheck;
pub use http::HttpCheck;
pub use postgres::PostgresCheck;
pub use prometheus::PrometheusCheck;
pub use redis::RedisCheck;
pub use tcp::TcpCheck;
pub use tls::TlsCheck;
pub use unit::UnitCheck;

words! {
    /// What a failing check says of its target.
    Severity {
        /// It works, but not as it should.
        Degraded = "degraded",
        /// It does not do what it is there for.
        Down = "down",
    }
}

impl From<Severity> for Health {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Degraded => Self::Degraded,
            Severity::Down => Self::Down,
        }
    }
}

/// Where a check looks from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vantage {
    /// The console.
    Here,
    /// A server, through the connection to it.
    Server(ServerId),
}

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckConfig {
    /// What it looks at.
    pub probe: Probe,
    /// The app that it is a check of.
    pub app: Option<AppId>,
    /// How often.
    pub interval: Duration,
    /// How much of the interval it may be off, either way, so that checks do not run in step.
    pub jitter: Percent,
    /// How long an attempt may take.
    pub deadline: Duration,
    /// Failing attempts in a row that make it fail.
    pub fail_after: u32,
    /// Good attempts in a row that make it well again.
    pub recover_after: u32,
    /// What it says when it fails.
    pub severity: Severity,
}

/// What a check looks at, by kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Probe {
    /// An HTTP request.
    Http(HttpCheck),
    /// A TCP connection.
    Tcp(TcpCheck),
    /// A TLS handshake and its certificate.
    Tls(TlsCheck),
    /// A DNS question.
    Dns(DnsCheck),
    /// A command on a server.
    Command(CommandCheck),
    /// A container's state.
    Container(ContainerCheck),
    /// A systemd unit's state.
    Unit(UnitCheck),
    /// A PostgreSQL server.
    Postgres(PostgresCheck),
    /// A Redis server.
    Redis(RedisCheck),
    /// A PromQL expression.
    Prometheus(PrometheusCheck),
}

/// Every kind with its word.
const KINDS: &[(&str, CheckKind)] = &[
    ("http", CheckKind::Http),
    ("tcp", CheckKind::Tcp),
    ("tls", CheckKind::Tls),
    ("dns", CheckKind::Dns),
    ("command", CheckKind::Command),
    ("container", CheckKind::Container),
    ("unit", CheckKind::Unit),
    ("postgres", CheckKind::Postgres),
    ("redis", CheckKind::Redis),
    ("prometheus", CheckKind::Prometheus),
];

impl Probe {
    /// The kind.
    pub const fn kind(&self) -> CheckKind {
        match self {
            Self::Http(_) => CheckKind::Http,
            Self::Tcp(_) => CheckKind::Tcp,
            Self::Tls(_) => CheckKind::Tls,
            Self::Dns(_) => CheckKind::Dns,
            Self::Command(_) => CheckKind::Command,
            Self::Container(_) => CheckKind::Container,
            Self::Unit(_) => CheckKind::Unit,
            Self::Postgres(_) => CheckKind::Postgres,
            Self::Redis(_) => CheckKind::Redis,
            Self::Prometheus(_) => CheckKind::Prometheus,
        }
    }

    /// What it looks at, for a reader; no secrets.
    pub fn target(&self) -> String {
        match self {
            Self::Http(it) => it.url.to_string(),
            Self::Tcp(it) => it.address.to_string(),
            Self::Tls(it) => it.address.to_string(),
            Self::Dns(it) => format!("{} {}", it.name, it.record.word()),
            Self::Command(it) => it.command.join(" "),
            Self::Container(it) => it.target(),
            Self::Unit(it) => it.unit.to_string(),
            Self::Postgres(it) => it.at.target("postgres"),
            Self::Redis(it) => it.at.target("redis"),
            Self::Prometheus(it) => it.expression.clone(),
        }
    }

    /// Where it looks from: the console, or servers, each of which is judged by itself.
    pub fn from(&self) -> Vec<Vantage> {
        match self {
            Self::Http(it) => it.from.clone(),
            Self::Tcp(it) => it.from.clone(),
            Self::Tls(it) => it.from.clone(),
            Self::Dns(it) => it.from.clone(),
            Self::Postgres(it) => it.from.clone(),
            Self::Redis(it) => it.from.clone(),
            Self::Command(it) => it.server.iter().cloned().map(Vantage::Server).collect(),
            Self::Container(it) => it.server.iter().cloned().map(Vantage::Server).collect(),
            Self::Unit(it) => it.server.iter().cloned().map(Vantage::Server).collect(),
            Self::Prometheus(_) => vec![Vantage::Here],
        }
    }

    fn read(kind: CheckKind, t: &mut Table<'_>) -> Option<Self> {
        t.variant(kind.word());
        match kind {
            CheckKind::Http => HttpCheck::read(t).map(Self::Http),
            CheckKind::Tcp => TcpCheck::read(t).map(Self::Tcp),
            CheckKind::Tls => TlsCheck::read(t).map(Self::Tls),
            CheckKind::Dns => DnsCheck::read(t).map(Self::Dns),
            CheckKind::Command => CommandCheck::read(t).map(Self::Command),
            CheckKind::Container => ContainerCheck::read(t).map(Self::Container),
            CheckKind::Unit => UnitCheck::read(t).map(Self::Unit),
            CheckKind::Postgres => PostgresCheck::read(t).map(Self::Postgres),
            CheckKind::Redis => RedisCheck::read(t).map(Self::Redis),
            CheckKind::Prometheus => PrometheusCheck::read(t).map(Self::Prometheus),
        }
    }
}

impl CheckConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let kind = t.need::<Kind>("kind");
        let app: Option<AppId> = t.opt("app");
        let interval = t.or("interval", Interval(Duration::from_secs(30))).0;
        let jitter = t.or("jitter", Percent(10.0));
        let deadline = t.or("deadline", Duration::from_secs(5));
        let fail_after = t.or("fail_after", Count::new(3)).get();
        let recover_after = t.or("recover_after", Count::new(2)).get();
        let severity = t.or("severity", Severity::Down);
        if deadline > interval {
            let at = if t.has("deadline") { "deadline" } else { "interval" };
            t.report(
                Mistake::error(t.span_of(at), "an attempt may take longer than the interval")
                    .help("make the deadline (5s where nothing is said) shorter, or the interval longer"),
            );
        }
        if t.walk().is_catalog() {
            for (_, kind) in KINDS {
                let _visited = Probe::read(*kind, t);
            }
        }
        let Some(Kind(kind)) = kind else {
            // What was meant is told by its word, so that the rest is judged at once; else it is nobody's.
            match t.value("kind").and_then(|value| nearest_word(value, KINDS)) {
                Some(meant) => {
                    let _judged = Probe::read(meant, t);
                }
                None => t.forgive(),
            }
            return None;
        };
        let probe = Probe::read(kind, t)?;
        Some(Self { probe, app, interval, jitter, deadline, fail_after, recover_after, severity })
    }
}

struct Kind(CheckKind);

impl Read for Kind {
    fn expects() -> String {
        let all: Vec<String> = KINDS.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("one of {}", all.join(", "))
    }
    fn read(value: Value<'_>) -> Option<Self> {
        read_word(value, KINDS).map(Self)
    }
    fn show(&self) -> String {
        quoted(self.0.word())
    }
}

impl Read for Vantage {
    fn expects() -> String {
        "\"here\" or a server's name".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        if text == "here" {
            return Some(Self::Here);
        }
        value.walk.refer(Names::Servers, &text, value.span());
        Some(Self::Server(ServerId::from(text)))
    }
    fn show(&self) -> String {
        match self {
            Self::Here => quoted("here"),
            Self::Server(server) => quoted(server.as_str()),
        }
    }
}

/// `from`, the console where nothing is said.
fn read_from(t: &mut Table<'_>) -> Vec<Vantage> {
    t.or("from", vec![Vantage::Here])
}
