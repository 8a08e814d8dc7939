//! What the plan of a backup is made of: how its datastore and its repository stand, read just before.

use std::collections::BTreeSet;

use super::facts::Held;
use crate::domain::backup::Backup;
use crate::domain::failure::Failure;
use crate::domain::quantity::Bytes;
use crate::domain::repository::RepositoryLock;
use crate::domain::time::Timestamp;

/// How a datastore stands.
#[derive(Clone, Debug)]
pub struct DatastoreFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// Who holds its lock.
    pub lock: Option<Held>,
    /// What its own programs say of it.
    pub seen: Result<Seen, Failure>,
    /// What is in its repository.
    pub stock: Result<Stock, Failure>,
}

/// What a datastore's own programs say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What answers, with its version: `PostgreSQL 17.6`.
    pub version: String,
    /// How much there is to read, about.
    pub about: Option<Bytes>,
    /// Whether the roles' passwords can be read too.
    pub role_passwords: bool,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// What a repository holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Where it is.
    pub path: String,
    /// Whether there is one at all.
    pub there: bool,
    /// The datastore's backups, oldest first.
    pub backups: Vec<Backup>,
    /// Room where it is; `None` where it is not known.
    pub free: Option<Bytes>,
    /// Who works on it, or did.
    pub locks: Vec<RepositoryLock>,
    /// The runs of its backups that took some of other datastores too: they are kept or go together.
    pub shared: BTreeSet<String>,
}
