//! The fields that a condition may speak of.

use std::fmt;

use super::literal::quoted;
use crate::domain::check::CheckKind;

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A member of an object.
    Key(String),
    /// An element of a list, from 0.
    Index(u32),
}

/// Something that a check reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The status code of an HTTP answer.
    Status,
    /// How long it took: a duration.
    Latency,
    /// The body of an HTTP answer, as text.
    Body,
    /// A place in the body, or in a command's output, read as JSON; for databases their figures by
    /// name (`json.connections_pct`), for PromQL the labels of the series.
    Json(Vec<Segment>),
    /// A header of an HTTP answer, by its name in lower case.
    Header(String),
    /// Whole days until the certificate ends, negative once it has.
    CertDaysLeft,
    /// The value of a PromQL expression. Beside a duration it is taken as seconds, beside a size as
    /// bytes: Prometheus' base units.
    Value,
    /// The exit code of a command.
    Exit,
    /// The standard output of a command without the white space at its end, or the answers to a DNS
    /// question, one a line.
    Output,
}

impl Field {
    /// The fields by name; `json` and `header` take a path after them.
    pub const NAMES: &'static [&'static str] =
        &["status", "latency", "body", "json", "header", "cert.days_left", "value", "exit", "output"];

    /// A field without a path, by its name.
    pub(super) fn plain(name: &str) -> Option<Self> {
        Some(match name {
            "status" => Self::Status,
            "latency" => Self::Latency,
            "body" => Self::Body,
            "cert.days_left" => Self::CertDaysLeft,
            "value" => Self::Value,
            "exit" => Self::Exit,
            "output" => Self::Output,
            _ => return None,
        })
    }
}

impl Field {
    /// The fields that a kind of check reads, by name.
    pub const fn names_for(kind: CheckKind) -> &'static [&'static str] {
        match kind {
            CheckKind::Http => &["status", "latency", "body", "json", "header", "cert.days_left"],
            CheckKind::Tcp => &["latency"],
            CheckKind::Tls => &["latency", "cert.days_left"],
            CheckKind::Dns => &["latency", "output"],
            CheckKind::Command => &["latency", "exit", "output", "json"],
            CheckKind::Container | CheckKind::Unit => &[],
            CheckKind::Postgres | CheckKind::Redis => &["latency", "json"],
            CheckKind::Prometheus => &["latency", "value", "json"],
        }
    }

    /// The field's name, without the path after it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Latency => "latency",
            Self::Body => "body",
            Self::Json(_) => "json",
            Self::Header(_) => "header",
            Self::CertDaysLeft => "cert.days_left",
            Self::Value => "value",
            Self::Exit => "exit",
            Self::Output => "output",
        }
    }
}

/// Whether a key needs no quotes in a path.
pub(super) fn is_plain_key(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header.{name}"),
            Self::Json(path) => {
                f.write_str("json")?;
                for segment in path {
                    match segment {
                        Segment::Key(key) if is_plain_key(key) => write!(f, ".{key}")?,
                        Segment::Key(key) => {
                            f.write_str("[")?;
                            quoted(f, key)?;
                            f.write_str("]")?;
                        }
                        Segment::Index(n) => write!(f, "[{n}]")?,
                    }
                }
                Ok(())
            }
            plain => f.write_str(plain.name()),
        }
    }
}
