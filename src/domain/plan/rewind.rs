//! What a step does to bring a PostgreSQL server back to a moment: the program that keeps its archive restores
//! into a data directory beside the one that stands, and a second instance is started on that.
//!
//! The second instance is kept from everything that reaches outside: it has a socket in its own folder and no
//! other way in, archives nothing, and runs no workers, so that neither subscriptions nor scheduled jobs go on
//! in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rewind_exchange::Exchange;
use crate::domain::archive::ArchiveSpec;
use crate::domain::datastore::Source;
use crate::domain::ids::DatastoreId;
use crate::domain::quantity::Bytes;
use crate::domain::time::Timestamp;

/// One thing done on the way back to a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rewind {
    /// Of which datastore.
    pub datastore: DatastoreId,
    /// How the server that stands is reached.
    pub source: Source,
    /// The new data directory.
    pub into: String,
    /// The system's user that it belongs to, as the one that stands does.
    pub owner: String,
    /// By whom the server's programs are run, by `sudo` or `docker exec`; `None` where whoever is there is that
    /// user already.
    pub run_as: Option<String>,
    /// Who restores, where that is another user: what it wrote is then given to the owner by root.
    pub by: Option<String>,
    /// What.
    pub does: Does,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Does {
    /// Makes the new data directory, empty, for one user alone.
    Make {
        /// How much room there has to be on its disk.
        room: Bytes,
    },
    /// The archive's program restores into it.
    Fetch {
        /// Whose archive.
        archive: ArchiveSpec,
        /// The base backup.
        base: String,
        /// The moment.
        to: Timestamp,
        /// How much it is, about: what stands.
        about: Bytes,
    },
    /// What was restored is given to the server's user.
    HandOver,
    /// A second instance is started on it, and waited for until the log is replayed to the moment.
    Start {
        /// The folder of the server's own programs.
        bin: String,
        /// The port, which names its socket.
        port: u16,
        /// Settings that it shares with the one that stands.
        settings: BTreeMap<String, String>,
        /// What brings the log to it where the archive's program has not written that down itself.
        archive: Option<ArchiveSpec>,
        /// The moment.
        to: Timestamp,
    },
    /// Compares its databases with those that stand.
    Compare {
        /// Its port.
        port: u16,
    },
    /// Stops the second instance, and gives what it ran on the settings of the server that stands, so that it
    /// can take its place.
    Ready {
        /// The data directory that stands.
        data: String,
        /// The folder of the server's own programs.
        bin: String,
        /// The file of its settings, which has to be one that it would start with.
        config: String,
    },
    /// It takes the place of what stands.
    Exchange(Exchange),
    /// Whatever was done of an exchange is taken back, and the server runs on what stood.
    Return(Exchange),
    /// Ends whoever still restores into it, stops the second instance, and removes it.
    Remove,
}

impl Rewind {
    /// Whether something is there afterwards that was not, or the other way round.
    pub const fn touches(&self) -> bool {
        matches!(self.does, Does::Make { .. } | Does::Exchange(_) | Does::Remove)
    }

    /// Whether it can be given up in the middle: all of it is in the new data directory.
    pub const fn may_be_left(&self) -> bool {
        matches!(self.does, Does::Fetch { .. } | Does::Start { .. } | Does::Compare { .. })
    }

    /// Whether it is done before anything takes the place of what stands.
    pub const fn comes_before(&self) -> bool {
        !matches!(self.does, Does::Exchange(_) | Does::Return(_) | Does::Remove)
    }

    /// The container that the server is in.
    pub fn container(&self) -> Option<&str> {
        match &self.source {
            Source::Postgres { container, .. } => container.as_deref(),
            _ => None,
        }
    }

    /// Who removes it, and makes it: root where others than the owner write into it.
    pub fn keeper(&self) -> Option<&str> {
        if self.by.is_some() { Some("root") } else { self.run_as.as_deref() }
    }

    /// How the second instance is reached.
    pub fn second(&self, port: u16) -> Source {
        let (container, user, database) = match &self.source {
            Source::Postgres { container, run_as, user, database, .. } => {
                (container.clone(), user.clone().or_else(|| run_as.clone()), database.clone())
            }
            _ => (None, None, String::new()),
        };
        Source::Postgres {
            container,
            run_as: self.run_as.clone(),
            host: Some(self.into.clone()),
            port: Some(port),
            user: user.or_else(|| Some(self.owner.clone())),
            database,
        }
    }

    /// The folder of our own in it.
    pub fn folder(&self) -> String {
        format!("{}/midwatch", self.into)
    }

    /// What the second instance is started with, above whatever any of its files says.
    pub fn options(&self, port: u16) -> String {
        let folder = self.folder();
        let own = [
            ("config_file", format!("{folder}/postgresql.conf")),
            ("hba_file", format!("{folder}/pg_hba.conf")),
            ("ident_file", format!("{folder}/pg_ident.conf")),
            ("unix_socket_directories", self.into.clone()),
            ("port", port.to_string()),
        ];
        let kept_in = [
            ("listen_addresses", ""),
            ("archive_mode", "off"),
            ("hot_standby", "off"),
            ("max_worker_processes", "0"),
            ("max_logical_replication_workers", "0"),
            ("synchronous_standby_names", ""),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            ("shared_buffers", "128MB"),
            ("huge_pages", "off"),
            ("ssl", "off"),
        ];
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        own.chain(kept_in).map(|(name, value)| format!("-c {name}={value}")).collect::<Vec<_>>().join(" ")
    }
}
