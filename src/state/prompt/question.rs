//! What a person is asked, and what can be answered.

use super::{Bringing, Options, Versions};
use crate::domain::approval::Verdict;
use crate::domain::exec::ExecAsked;
use crate::domain::ids::{AppId, BackupId, DatastoreId, RequestId};
use crate::domain::plan::PlanDigest;
use crate::domain::run::RunId;
use crate::domain::unfinished::Way;
use crate::message::change::{Manner, Wanted};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which version of an app is to be deployed, and how.
    Version {
        /// Of which.
        app: AppId,
        /// What there is to pick from.
        versions: Versions,
        /// How.
        options: Options,
    },
    /// How a change is carried out of which it is known what it is.
    Manner {
        /// Of which app.
        app: AppId,
        /// What it is.
        what: Wanted,
        /// How.
        options: Options,
    },
    /// How many containers of which service.
    Scale {
        /// Of which app.
        app: AppId,
        /// How many there are now, a service a row.
        present: Vec<String>,
    },
    /// What visitors are told in maintenance.
    Maintenance {
        /// Of which app.
        app: AppId,
    },
    /// Which backup is to be brought back, and where.
    Restore {
        /// Of which datastore.
        datastore: DatastoreId,
        /// What there is to choose from, and what is chosen.
        choice: Bringing,
    },
    /// How else a backup is to be brought back; what is typed says it.
    Otherwise {
        /// Of which datastore.
        datastore: DatastoreId,
        /// The backup that is selected.
        backup: Option<BackupId>,
    },
    /// Which files are looked for in all backups of a datastore.
    FindFiles {
        /// Of which.
        datastore: DatastoreId,
    },
    /// Which command is to run in a container.
    Exec {
        /// In which; its command is what is typed.
        asked: ExecAsked,
    },
    /// Why what is refused is to be done all the same.
    Reason {
        /// What is refused, a sentence a row.
        refused: Vec<String>,
    },
    /// The app's name, typed.
    Name {
        /// Which.
        app: AppId,
        /// What it means, in a line.
        says: String,
        /// What is done then.
        then: Then,
    },
    /// Whether it is meant.
    Sure {
        /// What it means, a sentence a row.
        says: Vec<String>,
        /// What is done then.
        then: Then,
    },
}

/// What is done when a question is answered with yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// The plan that is shown is carried out.
    CarryOut,
    /// An interrupted run is taken up.
    Resume(RunId, Way),
    /// A run that waits for a second person is answered, of this very plan.
    Answer(RunId, PlanDigest, Verdict),
    /// A run ends at its next safe point.
    Cancel(RequestId),
    /// A command is run in a container.
    Exec(Box<ExecAsked>),
    /// The console ends.
    Quit,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// This change of this app, in this manner.
    Change(AppId, Wanted, Manner),
    /// This is to run in a container.
    Exec(ExecAsked),
    /// These files are looked for in all backups of this datastore.
    Find(DatastoreId, String),
    /// For this reason.
    Reason(String),
    /// Yes, it is to be done.
    Yes(Then),
}

/// What a key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Stay,
    /// It is left.
    Leave,
    /// It is answered.
    Answered(Answered),
}
