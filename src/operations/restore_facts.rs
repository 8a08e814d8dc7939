//! What the plan of a restore is made of: how the datastore's server and its backups stand, read just
//! before.

use std::collections::BTreeSet;

use super::datastore_facts::Stock;
use super::facts::Held;
use super::restore_origin::Other;
use crate::domain::backup::Backup;
use crate::domain::failure::Failure;
use crate::domain::quantity::Bytes;
use crate::domain::time::Timestamp;

/// How it stands.
#[derive(Clone, Debug)]
pub struct RestoreFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// Who holds the datastore's lock.
    pub lock: Option<Held>,
    /// What stands.
    pub server: Result<Stands, Failure>,
    /// What is in its repository.
    pub stock: Result<Stock, Failure>,
    /// The datastore that the backup is of, where it is another.
    pub from: Option<Other>,
    /// The backup that is wanted; `None` where there is none.
    pub backup: Option<Backup>,
    /// What that backup is, by the server's own program; nothing where no backup is wanted or its kind has
    /// no such program.
    pub archive: Option<Result<Archive, Failure>>,
}

impl RestoreFacts {
    /// What is in the repository that the backup comes from.
    pub const fn held(&self) -> &Result<Stock, Failure> {
        match &self.from {
            Some(from) => &from.stock,
            None => &self.stock,
        }
    }
}

/// What stands, by the datastore's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// A PostgreSQL server.
    Server(DatabaseServer),
    /// A volume, files, or a Redis.
    Data(Data),
}

impl Stands {
    /// How large what stands is, about; `None` where it is not there.
    pub const fn live(&self) -> Option<Bytes> {
        match self {
            Self::Server(it) => it.live,
            Self::Data(it) => it.live,
        }
    }

    /// What else is there, by its names; ours are among them.
    pub const fn names(&self) -> &BTreeSet<String> {
        match self {
            Self::Server(it) => &it.databases,
            Self::Data(it) => &it.names,
        }
    }

    /// The containers that use it and run.
    pub fn users(&self) -> &[String] {
        match self {
            Self::Server(_) => &[],
            Self::Data(it) => &it.users,
        }
    }
}

/// A volume, files or a Redis, as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// What it is brought back with: `Docker 28.1`, `tar (GNU tar) 1.35`.
    pub version: String,
    /// How large what stands is, about; `None` where it is not there.
    pub live: Option<Bytes>,
    /// What else is there, by its names.
    pub names: BTreeSet<String>,
    /// The containers that use it and run, by their names.
    pub users: Vec<String>,
    /// Room where it is; `None` where that is not known.
    pub room: Option<Bytes>,
    /// Why nothing can be brought back there at all, and what helps.
    pub cannot_load: Option<(String, String)>,
    /// Why nothing could be put in its place, and what helps.
    pub cannot_swap: Option<(String, String)>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// A PostgreSQL server, by what it tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseServer {
    /// Its major version.
    pub major: u32,
    /// Whole: `PostgreSQL 17.6`.
    pub version: String,
    /// How large the datastore's database is; `None` where it is not there.
    pub live: Option<Bytes>,
    /// Sessions in it.
    pub sessions: u32,
    /// The names of all its databases.
    pub databases: BTreeSet<String>,
    /// Whether we may do everything.
    pub superuser: bool,
    /// Whether we may make databases.
    pub may_create: bool,
    /// Whether we may rename the datastore's database and end the sessions in it.
    pub may_swap: bool,
    /// Connections that are free; `None` where that is not known.
    pub free_connections: Option<i64>,
    /// Room where its data is; `None` where that is not known.
    pub room: Option<Bytes>,
    /// The extensions that can be had there.
    pub extensions: BTreeSet<String>,
}

/// What a dump is, by its first bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// The major version of the server that it was made of; `None` where it does not say so.
    pub major: Option<u32>,
    /// The extensions that it makes.
    pub extensions: BTreeSet<String>,
    /// Its tables, as its list has them: `SCHEMA NAME OWNER`, of which each may have spaces.
    pub tables: Vec<String>,
    /// Those of them that have rows of their own, likewise.
    pub rows: Vec<String>,
}

impl Archive {
    /// Whether it holds a table.
    pub fn has(&self, schema: &str, name: &str) -> bool {
        listed(&self.tables, schema, name)
    }

    /// Whether it holds rows of a table.
    pub fn has_rows_of(&self, schema: &str, name: &str) -> bool {
        listed(&self.rows, schema, name)
    }

    /// The schemas in which it holds a table of this name.
    pub fn schemas_of(&self, name: &str) -> BTreeSet<String> {
        let name = format!(" {name} ");
        self.tables
            .iter()
            .filter_map(|it| it.split_once(&name))
            .map(|(schema, _)| schema.to_owned())
            .collect()
    }
}

fn listed(all: &[String], schema: &str, name: &str) -> bool {
    let begins = format!("{schema} {name} ");
    all.iter().any(|it| it.starts_with(&begins))
}
