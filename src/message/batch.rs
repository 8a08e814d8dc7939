//! What collectors publish: immutable, with the time it was true.

use serde::{Deserialize, Serialize};

use crate::domain::access::AccessStats;
use crate::domain::archive::Archived;
use crate::domain::backup::Backup;
use crate::domain::check::CheckResult;
use crate::domain::container::{Container, ContainerUsage};
use crate::domain::drill::Drilled;
use crate::domain::event_mark::EventMark;
use crate::domain::failure::Failure;
use crate::domain::ids::{ContainerId, DatastoreId, RepositoryId, ServerId};
use crate::domain::link::{Link, ServerFacts};
use crate::domain::log_source::LogStream;
use crate::domain::maintenance::Told;
use crate::domain::metric::Metric;
use crate::domain::past::Earlier;
use crate::domain::repository::Checked;
use crate::domain::unit::Units;
use crate::domain::vitals::Vitals;

/// One thing that was observed, where and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The server; checks made from here say `local`.
    pub server: ServerId,
    /// When it was true (the console's clock), in milliseconds.
    pub at: crate::domain::time::Timestamp,
    /// What was seen.
    pub observation: Observation,
}

/// The kinds of thing that are observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// The connection changed.
    Link(Link),
    /// What the server is.
    Facts(ServerFacts),
    /// A look at the machine.
    Vitals(Vitals),
    /// All its containers; whoever is missing is gone.
    Containers(Vec<Container>),
    /// What its running containers use.
    Usage(Vec<(ContainerId, ContainerUsage)>),
    /// A look at systemd.
    Units(Units),
    /// Figures of an access log.
    Access(AccessStats),
    /// A check's verdict.
    Check(CheckResult),
    /// Other series (Prometheus).
    Samples(Vec<(Metric, f64)>),
    /// What one of those series was before: for the charts alone, since whoever told it keeps it.
    Earlier(Earlier),
    /// The backups that a repository holds, of all datastores, newest first.
    Backups(RepositoryId, Vec<Backup>),
    /// The last drill of each datastore that had one, by this console's journal.
    Drills(Vec<(DatastoreId, Drilled)>),
    /// Which of a server's apps are in maintenance.
    Maintenance(Told),
    /// The last check of each repository that had one, by this console's journal.
    Checked(Vec<(RepositoryId, Checked)>),
    /// How the archive of a datastore's write-ahead log stands.
    Archived(DatastoreId, Box<Archived>),
    /// Something happened.
    Mark(EventMark),
    /// A look failed.
    Failed(Subject, Failure),
}

/// What a failed look was at, so that the right reading turns unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The machine.
    Vitals,
    /// The containers.
    Containers,
    /// What the containers use.
    Usage,
    /// systemd.
    Units,
    /// A log that is followed.
    Logs(LogStream),
    /// An access log, by its label.
    Access(String),
    /// A Prometheus query or scrape, by its label.
    Samples(String),
    /// A repository of backups.
    Repository(RepositoryId),
    /// The journal, for the drills in it.
    Drills,
    /// The files by which it is known which apps are in maintenance.
    Maintenance,
    /// The archive of a datastore's write-ahead log.
    Archive(DatastoreId),
}
