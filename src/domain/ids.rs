//! Identities as newtypes, so that a server's name is never taken for a container's.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text of the identity.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<Arc<str>>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

id!(
    /// A server by its name in the configuration (`local` is this machine).
    ServerId
);
id!(
    /// An environment's name.
    EnvironmentId
);
id!(
    /// An app's name; for an app that no configuration names, its Compose project.
    AppId
);
id!(
    /// A datastore's name in the configuration.
    DatastoreId
);
id!(
    /// A backup's snapshot in its repository: 64 hex digits, or the first of them.
    BackupId
);
id!(
    /// The name of a repository for backups in the configuration.
    RepositoryId
);
id!(
    /// A check's name in the configuration, unique over the whole fleet.
    CheckId
);
id!(
    /// A container's full engine id (64 hex digits); compare with the server it runs on.
    ContainerId
);
id!(
    /// A systemd unit's full name, with its suffix (`caddy.service`).
    UnitName
);
id!(
    /// A problem's stable name: the same trouble has the same id in the next observation.
    ProblemId
);

impl ServerId {
    /// The reserved name of the machine that the console runs on.
    pub const LOCAL: &'static str = "local";
    /// What the names of hosts begin with that only a repository is on. No server's name has a `/`.
    const REPOSITORY: &'static str = "repository/";

    /// The host of a repository that is reached over SSH; it is no server that is looked at.
    pub fn of_repository(id: &RepositoryId) -> Self {
        Self::from(format!("{}{id}", Self::REPOSITORY))
    }

    /// Whether it is the host of a repository and no server.
    pub fn is_of_repository(&self) -> bool {
        self.0.starts_with(Self::REPOSITORY)
    }
}

impl BackupId {
    /// The first eight digits, as restic shows it.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl ContainerId {
    /// The first twelve digits, as the trade writes it.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// Names one effect in flight, so that its reply finds what asked, or is ignored when that closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// A container somewhere: which server, which container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerKey {
    /// The server it runs on.
    pub server: ServerId,
    /// Its engine id there.
    pub id: ContainerId,
}
