//! A change of an app on its way between the core and the runtime: what is asked for, and what was
//! found. No facts of planning are in it: those may hold secrets and stay with who plans.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::deploy::Strategy;
use crate::domain::failure::Failure;
use crate::domain::ids::{AppId, BackupId, DatastoreId, ServerId};
use crate::domain::image::Digest;
use crate::domain::maintenance::Notice;
use crate::domain::plan::{FrozenPlan, Operation};
use crate::domain::release::{Release, ReleaseNumber};
use crate::domain::time::Timestamp;

/// A change that is to be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Of which app; of which datastore, where what is wanted is of one.
    pub app: AppId,
    /// What.
    pub what: Wanted,
    /// How, where it is otherwise than configured.
    pub manner: Manner,
    /// Why, in the operator's words; it overrides what may be overridden.
    pub reason: Option<String>,
}

/// How a change is carried out, where a person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Another strategy than the configured one.
    pub strategy: Option<Strategy>,
    /// Only these servers; all where empty.
    pub servers: Vec<ServerId>,
    /// Only these services; all where empty.
    pub services: Vec<String>,
}

/// What is to be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A deploy of another tag of the app's images.
    Tag(String),
    /// A deploy of this very image.
    Digest(Digest),
    /// A deploy of the Compose file as it is now.
    AsWritten,
    /// A rollback to this release.
    Release(ReleaseNumber),
    /// A restart, a stop or a start.
    Daily(Operation),
    /// Services with so many containers on each server.
    Scale(BTreeMap<String, u16>),
    /// The images that the Compose file names, brought onto the servers.
    Pull,
    /// What visitors are told in maintenance; `None` to send them to the app again.
    Maintenance(Option<Notice>),
    /// A backup: what is asked for is of the datastore of that name.
    Backup,
    /// A backup brought back, likewise.
    Restore {
        /// Which; the newest where none is named.
        backup: Option<BackupId>,
        /// Whether in the place of what stands, and not beside it.
        swap: bool,
    },
    /// A backup brought back otherwise than whole and as the datastore's own, likewise.
    Otherwise(Otherwise),
    /// What the last restore replaced, in its place again.
    Undo,
    /// A rehearsed restore of this backup, or of the newest.
    Drill(Option<BackupId>),
}

/// How else a backup is brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// The newest one of another datastore.
    From {
        /// Which.
        other: DatastoreId,
        /// Whether in the place of what stands, and not beside it.
        swap: bool,
    },
    /// Some of it beside what stands.
    Only {
        /// Tables, with commas between, or a path.
        what: String,
        /// Of which backup; the newest where none is named.
        backup: Option<BackupId>,
    },
    /// The server as it was at a moment.
    At {
        /// The moment.
        at: Timestamp,
        /// Whether in the place of what stands, and not beside it.
        swap: bool,
    },
}

impl Otherwise {
    /// What is asked for, in a line.
    fn title(&self, of: &AppId) -> String {
        match self {
            Self::From { other, swap: false } => format!("restore a backup of {other} beside {of}"),
            Self::From { other, swap: true } => format!("restore a backup of {other} in the place of {of}"),
            Self::Only { what, backup } => {
                format!("restore {what} of {} of {of} beside it", which(backup.as_ref()))
            }
            Self::At { at, swap } => {
                let how = if *swap { "in its place" } else { "beside it" };
                format!("restore {of} {how} as it was at {}", at.rfc3339())
            }
        }
    }
}

impl Wanted {
    /// Whether it may be of some of an app's servers or services only, by choice.
    pub const fn is_in_parts(&self) -> bool {
        match self {
            Self::Tag(_)
            | Self::Digest(_)
            | Self::AsWritten
            | Self::Release(_)
            | Self::Daily(_)
            | Self::Pull => true,
            Self::Scale(_)
            | Self::Maintenance(_)
            | Self::Backup
            | Self::Restore { .. }
            | Self::Otherwise(_)
            | Self::Undo
            | Self::Drill(_) => false,
        }
    }

    /// What is asked for of an app, in a line.
    pub fn title(&self, app: &AppId) -> String {
        match self {
            Self::Tag(tag) => format!("deploy {app} {tag}"),
            Self::Digest(digest) => format!("deploy {app} {}", digest.short()),
            Self::AsWritten => format!("deploy {app} as its Compose file is now"),
            Self::Release(number) => format!("roll {app} back to release {number}"),
            Self::Daily(operation) => format!("{} {app}", operation.word()),
            Self::Scale(services) => {
                let each: Vec<String> =
                    services.iter().map(|(service, n)| format!("{service}={n}")).collect();
                format!("scale {app} to {}", each.join(", "))
            }
            Self::Pull => format!("pull the images of {app}"),
            Self::Maintenance(Some(_)) => format!("put {app} into maintenance"),
            Self::Maintenance(None) => format!("take {app} out of maintenance"),
            Self::Backup => format!("back {app} up"),
            Self::Restore { backup, swap } => {
                let how = if *swap { "in its place" } else { "beside it" };
                format!("restore {} of {app} {how}", which(backup.as_ref()))
            }
            Self::Otherwise(it) => it.title(app),
            Self::Undo => format!("undo the last restore of {app}"),
            Self::Drill(backup) => format!("rehearse restoring {} of {app}", which(backup.as_ref())),
        }
    }

    /// Which kind of change it is.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Tag(_) | Self::Digest(_) | Self::AsWritten => Operation::Deploy,
            Self::Release(_) => Operation::Rollback,
            Self::Daily(operation) => *operation,
            Self::Scale(_) => Operation::Scale,
            Self::Pull => Operation::Pull,
            Self::Maintenance(_) => Operation::Maintenance,
            Self::Backup => Operation::Backup,
            Self::Restore { .. } | Self::Otherwise(_) => Operation::Restore,
            Self::Undo => Operation::Undo,
            Self::Drill(_) => Operation::Drill,
        }
    }
}

fn which(backup: Option<&BackupId>) -> String {
    backup.map_or_else(|| "the newest backup".to_owned(), |it| format!("backup {}", it.short()))
}

/// How far the look at a server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looked {
    /// It was read how the app stands there.
    Stands,
    /// All was read.
    Whole,
    /// It could not be read.
    Failed(Failure),
}

/// A plan that can be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The plan.
    pub plan: FrozenPlan,
    /// How long the last such change of the app took that went well, by this console's journal.
    pub last: Option<Duration>,
}

/// Why there is no plan: what failed, and on which server where it was on one.
pub type Unplanned = Vec<(Option<ServerId>, Failure)>;

/// The releases of an app, as its servers hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledgers {
    /// By server; why where it could not be read.
    pub servers: BTreeMap<ServerId, Result<Ledger, Failure>>,
}

/// The releases on one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The release that is in place.
    pub current: Option<ReleaseNumber>,
    /// All of them, oldest first.
    pub releases: Vec<Release>,
}
