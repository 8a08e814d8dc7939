//! One thing that a rule found wrong, before it is known what caused what.

use crate::domain::check::CheckKind;
use crate::domain::health::Health;
use crate::domain::ids::{ProblemId, ServerId};
use crate::domain::problem::Target;
use crate::domain::time::Timestamp;

/// What a finding is about; the order in which a cause is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The connection is down.
    Link,
    /// A file system that all programs write to has nothing left.
    DiskFull,
    /// The container engine does not answer.
    Engine,
    /// A database in a container is down.
    Database,
    /// A check of a database does not pass.
    DatabaseCheck,
    /// Another container is down, or keeps restarting.
    Container,
    /// A configured app is not there.
    Missing,
    /// Something cannot be read.
    Unread,
    /// A value is over its limit.
    Limit,
    /// A unit or timer failed or flaps.
    Unit,
    /// A check does not pass.
    Check,
    /// A run that changes an app was interrupted.
    Run,
    /// A datastore is not backed up as it should be.
    Backup,
}

/// One finding. Everything that decides what caused what is in it, so that causes are pure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable over observations.
    pub id: ProblemId,
    /// What it is about.
    pub kind: Kind,
    /// What is wrong.
    pub target: Target,
    /// Where: the server that it is on or is seen from; `None` for what is seen from here.
    pub server: Option<ServerId>,
    /// The Compose project that it belongs to or, for a check, looks at.
    pub project: Option<String>,
    /// Where that project runs, as far as the configuration says.
    pub project_servers: Vec<ServerId>,
    /// The kind of check.
    pub check: Option<CheckKind>,
    /// Why, in one line.
    pub cause: String,
    /// How bad; never up.
    pub severity: Health,
    /// What does not work for it, found wrong by itself or not.
    pub affects: Vec<Target>,
    /// When it began, where that can be told; by this machine's clock.
    pub begun: Option<Timestamp>,
}

impl Finding {
    /// A finding on a server as a whole; `detail` tells findings of one kind apart.
    pub fn on_server(server: &ServerId, kind: Kind, detail: &str, severity: Health, cause: String) -> Self {
        Self {
            id: format!("{server}:{detail}").into(),
            kind,
            target: Target::Server(server.clone()),
            server: Some(server.clone()),
            project: None,
            project_servers: Vec::new(),
            check: None,
            cause,
            severity,
            affects: Vec::new(),
            begun: None,
        }
    }
}
