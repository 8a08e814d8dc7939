//! `[ssh]`: what holds for every SSH connection.

use std::path::PathBuf;
use std::time::Duration;

use super::amounts::Whole;
use super::table::Table;

/// What holds for every SSH connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshConfig {
    /// The OpenSSH client's configuration; `None` for `~/.ssh/config`, which need not be there.
    pub config: Option<PathBuf>,
    /// Files of known host keys, the first one written to; empty for `~/.ssh/known_hosts`.
    pub known_hosts: Vec<PathBuf>,
    /// Whether the agent is asked for keys.
    pub agent: bool,
    /// How long connecting and authenticating may take, without the time that a person is asked.
    pub connect_deadline: Duration,
    /// After how much silence a connection is asked whether it still stands. Unanswered three times it
    /// is given up, so that this decides how soon a frozen server is down on the screen.
    pub keepalive: Duration,
    /// How many handshakes run at a time, 1 to 256.
    pub handshakes: usize,
}

impl Default for SshConfig {
    fn default() -> Self {
        Self {
            config: None,
            known_hosts: Vec::new(),
            agent: true,
            connect_deadline: Duration::from_secs(10),
            keepalive: Duration::from_secs(3),
            handshakes: 16,
        }
    }
}

impl SshConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        let base = Self::default();
        Self {
            config: t.opt("config"),
            known_hosts: t.opt("known_hosts").unwrap_or_default(),
            agent: t.or("agent", base.agent),
            connect_deadline: t.or("connect_deadline", base.connect_deadline),
            keepalive: t.or("keepalive", base.keepalive),
            handshakes: t.or("handshakes", Whole::<1, 256>::from_usize(base.handshakes)).usize(),
        }
    }
}
