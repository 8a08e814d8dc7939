//! What our own configuration says of a server reached over SSH; the rest comes from the SSH
//! configuration.

use std::path::PathBuf;

use crate::domain::ids::ServerId;

/// A server to reach over SSH. What is given here goes before what the SSH configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// Its name with us; without an address, also what is looked up in the SSH configuration.
    pub server: ServerId,
    /// What one would type after `ssh`: a host alias, a name or an address.
    pub address: Option<String>,
    /// The user there.
    pub user: Option<String>,
    /// The port there.
    pub port: Option<u16>,
    /// Private keys to offer; where any is given, those of the SSH configuration are not used.
    pub identity: Vec<PathBuf>,
    /// As `ProxyJump`: `[user@]host[:port]`, several with commas, `none` for none.
    pub jump: Option<String>,
    /// An SSH configuration instead of the user's and the system's.
    pub ssh_config: Option<PathBuf>,
    /// Known-hosts files instead of those that the SSH configuration names, the first one written to;
    /// empty for those.
    pub known_hosts: Vec<PathBuf>,
    /// Whether the agent may be asked at all.
    pub agent: bool,
}

impl SshTarget {
    /// A server of which the SSH configuration says everything.
    pub fn new(server: impl Into<ServerId>) -> Self {
        Self {
            server: server.into(),
            address: None,
            user: None,
            port: None,
            identity: Vec::new(),
            jump: None,
            ssh_config: None,
            known_hosts: Vec::new(),
            agent: true,
        }
    }
}
