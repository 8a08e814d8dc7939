//! What the configuration says of each server, as far as reaching it goes.

use crate::transports::SshTarget;

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerTarget {
    /// It is this machine.
    Local,
    /// Over SSH.
    Ssh(Box<SshTarget>),
}
