//! The console's connection to a server, as it is shown.

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::time::Timestamp;

/// Where a connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Nothing asked for it yet.
    #[default]
    Idle,
    /// Under way.
    Connecting,
    /// A person is asked something first (an unknown key, a passphrase).
    Asking,
    /// It stands.
    Up,
    /// It does not; the next try comes at the time given, or never without a person.
    Down {
        /// Why.
        failure: Failure,
        /// The next try.
        next_try: Option<Timestamp>,
    },
}

/// What a server is, read once a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFacts {
    /// What it calls itself.
    pub hostname: String,
    /// The distribution's name (`Debian GNU/Linux 13 (trixie)`).
    pub os: String,
    /// The kernel's release.
    pub kernel: String,
    /// The processor architecture (`x86_64`).
    pub arch: String,
    /// The user that we are there.
    pub user: String,
}
