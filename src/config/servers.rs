//! `[servers.NAME]`: machines. Whatever is not said here, `~/.ssh/config` may say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::amounts::Port;
use super::logs::LogFile;
use super::mistake::{Mistake, Span};
use super::names;
use super::scalars::RemotePath;
use super::table::Table;
use super::thresholds::ThresholdsPatch;
use super::value::{Read, Value, quoted};
use super::walk::Names;
use super::words::words;
use crate::domain::ids::{EnvironmentId, ServerId};

words! {
    /// How more rights are had on a server.
    #[derive(Default)]
    Become {
        /// Not at all.
        #[default]
        None = "none",
        /// By `sudo -n`, which must not ask for a password.
        Sudo = "sudo",
    }
}

/// Which things are observed on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "five switches that have nothing to do with each other")]
pub struct Collect {
    /// CPU, memory, disks and the rest of the machine's own figures.
    pub vitals: bool,
    /// Containers.
    pub containers: bool,
    /// systemd units and timers.
    pub units: bool,
    /// The journal.
    pub journal: bool,
    /// The server's log files.
    pub files: bool,
}

impl Default for Collect {
    fn default() -> Self {
        Self { vitals: true, containers: true, units: true, journal: true, files: true }
    }
}

impl Collect {
    fn read(t: &mut Table<'_>) -> Self {
        let base = Self::default();
        Self {
            vitals: t.or("vitals", base.vitals),
            containers: t.or("containers", base.containers),
            units: t.or("units", base.units),
            journal: t.or("journal", base.journal),
            files: t.or("files", base.files),
        }
    }
}

/// One station on the way to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jump {
    /// A server of this configuration.
    Server(ServerId),
    /// Any other, as OpenSSH's `ProxyJump` writes it: `[user@]host[:port]`.
    Host(String),
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerConfig {
    /// Whether it is this machine, reached without SSH.
    pub local: bool,
    /// A host name, an IP address or a `Host` of the SSH configuration; the server's name where
    /// nothing is said.
    pub address: Option<String>,
    /// The user to log in as.
    pub user: Option<String>,
    /// The SSH port.
    pub port: Option<u16>,
    /// Private keys to offer, in order; the SSH configuration's and the agent's where it is empty.
    pub identity: Vec<PathBuf>,
    /// The stations on the way, first to last; the SSH configuration's `ProxyJump` where it is empty.
    pub jump: Vec<Jump>,
    /// The environment.
    pub environment: Option<EnvironmentId>,
    /// Free labels, for filters.
    pub labels: BTreeMap<String, String>,
    /// How more rights are had.
    pub becoming: Become,
    /// The container engine's socket on the server; the usual ones are tried where nothing is said.
    pub docker: Option<String>,
    /// What is observed.
    pub collect: Collect,
    /// Log files to follow.
    pub logs: Vec<LogFile>,
    /// Limits, in place of the environment's and the global ones.
    pub thresholds: ThresholdsPatch,
}

impl ServerConfig {
    /// This machine, with everything observed.
    pub fn local() -> Self {
        Self { local: true, ..Self::default() }
    }

    pub(super) fn read(name: &str, at: Span, t: &mut Table<'_>) -> Self {
        if name == "here" {
            t.report(
                Mistake::error(at, "`here` cannot be a server's name")
                    .help("in a check, `from = \"here\"` is the console"),
            );
        } else {
            names::judge(name, at, t);
        }
        let local = t.or("local", name == ServerId::LOCAL);
        let server = Self {
            local,
            address: t.opt("address"),
            user: t.opt("user"),
            port: t.opt::<Port>("port").map(Port::get),
            identity: t.opt("identity").unwrap_or_default(),
            jump: t.opt("jump").unwrap_or_default(),
            environment: t.opt("environment"),
            labels: t.pairs("labels").into_iter().map(|(label, _, text)| (label, text)).collect(),
            becoming: t.or("become", Become::None),
            docker: t.opt::<RemotePath>("docker").map(|path| path.0),
            collect: t.table("collect", Collect::read),
            logs: t.list("logs", LogFile::read),
            thresholds: t.table("thresholds", ThresholdsPatch::read),
        };
        if local {
            for key in ["address", "user", "port", "identity", "jump"] {
                if t.has(key) {
                    t.report(
                        Mistake::error(t.span_of(key), format!("`{key}` means nothing for this machine"))
                            .help(format!(
                                "leave it out, or give the server another name than `{}`",
                                ServerId::LOCAL
                            )),
                    );
                }
            }
        } else if name == ServerId::LOCAL {
            t.report(Mistake::error(t.span_of("local"), "the name `local` is this machine's"));
        }
        for key in ["address", "jump"] {
            t.walk().mark(format!("servers.{name}.{key}"), t.span_of(key));
        }
        server
    }
}

impl Read for Jump {
    fn expects() -> String {
        "a server's name, or \"[user@]host[:port]\"".to_owned()
    }
    fn read(value: Value<'_>) -> Option<Self> {
        let text = String::read(value)?;
        if text.contains(['@', ':', '.']) && !value.walk.is_defined(Names::Servers, &text) {
            return Some(Self::Host(text));
        }
        value.walk.refer(Names::Servers, &text, value.span());
        Some(Self::Server(ServerId::from(text)))
    }
    fn show(&self) -> String {
        match self {
            Self::Server(server) => quoted(server.as_str()),
            Self::Host(host) => quoted(host),
        }
    }
}
