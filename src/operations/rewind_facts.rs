//! What the plan of going back to a moment is made of: how the archive, the server and its data directory
//! stand, asked just before.

use std::collections::BTreeMap;

use super::facts::Held;
use crate::domain::archive::Archived;
use crate::domain::failure::Failure;
use crate::domain::quantity::Bytes;
use crate::domain::time::Timestamp;

/// How it stands.
#[derive(Clone, Debug)]
pub struct RewindFacts {
    /// When this was gathered, by the console's clock.
    pub as_of: Timestamp,
    /// Who holds the datastore's lock.
    pub lock: Option<Held>,
    /// What the archive's program says.
    pub archived: Result<Archived, Failure>,
    /// What stands.
    pub cluster: Result<Cluster, Failure>,
}

/// A PostgreSQL server with its data directory, as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Its major version.
    pub major: u32,
    /// Whole: `PostgreSQL 17.6`.
    pub version: String,
    /// Its data directory.
    pub data: String,
    /// Its port.
    pub port: u16,
    /// The system's user that the data directory belongs to.
    pub owner: String,
    /// By whom its programs are run, where it is not whoever is there.
    pub run_as: Option<String>,
    /// Who runs the archive's program.
    pub by: String,
    /// Whether we may be root there: to give the owner what another wrote, and to stop and start the server.
    pub root: bool,
    /// The folder of its programs.
    pub bin: String,
    /// How large the data directory is.
    pub used: Option<Bytes>,
    /// Room on the disk of the folder that it is in.
    pub room: Option<Bytes>,
    /// Whether the owner may make another beside it.
    pub writable: bool,
    /// How many tablespaces lie elsewhere.
    pub tablespaces: u32,
    /// How many bytes a segment of its log has.
    pub segment: u64,
    /// Settings that a second instance has to share.
    pub settings: BTreeMap<String, String>,
    /// Data directories that earlier restores left beside it.
    pub beside: Vec<String>,
    /// Whether another data directory can take its place.
    pub seat: Seat,
}

/// What is to be known of a server and its data directory before another takes its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seat {
    /// The data directory's number on its file system, which it keeps under any name.
    pub inode: Option<u64>,
    /// Whether it is a mount or a symbolic link.
    pub fixed: bool,
    /// systemd's unit that runs the server.
    pub unit: Option<String>,
    /// The file of its settings.
    pub config: String,
    /// Whether the server follows another.
    pub recovery: bool,
    /// How many follow it by its log.
    pub followers: u32,
    /// How many databases it has, beside templates.
    pub databases: u32,
    /// How many sessions there are.
    pub sessions: u32,
    /// Data directories that earlier restores replaced.
    pub before: Vec<String>,
}
