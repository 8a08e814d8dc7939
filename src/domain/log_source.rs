//! Where log lines come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{ServerId, UnitName};

/// One stream of lines on one server. A container is named by its name and not its id, so that
/// the log of a service goes on over a redeploy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogSource {
    /// The server.
    pub server: ServerId,
    /// The stream there.
    pub stream: LogStream,
}

/// A stream on a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// A container's standard output and error.
    Container {
        /// The container's name.
        name: String,
    },
    /// The journal, of one unit or whole.
    Journal {
        /// The unit; `None` for all.
        unit: Option<UnitName>,
    },
    /// A file, over its rotations.
    File {
        /// Its absolute path.
        path: String,
    },
}

impl LogStream {
    /// The name without the server: `shop-web-1`, `caddy.service`, `journal`, `/var/log/nginx/access.log`.
    pub fn label(&self) -> &str {
        match self {
            Self::Container { name } => name,
            Self::Journal { unit: Some(unit) } => unit.as_str(),
            Self::Journal { unit: None } => "journal",
            Self::File { path } => path,
        }
    }
}

impl fmt::Display for LogSource {
    /// `web-1/shop-web-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.server, self.stream.label()))
    }
}
