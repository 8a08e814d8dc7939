//! Everything that can happen to the core.

use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::change::{Ledgers, Looked, Planned, Unplanned};
use super::log_batch::LogBatch;
use crate::domain::adoption::Offer;
use crate::domain::approval::Waiting;
use crate::domain::exec::ExecNews;
use crate::domain::failure::Failure;
use crate::domain::file_list::{FileList, FoundFiles};
use crate::domain::ids::{AppId, RequestId, ServerId};
use crate::domain::past::{Kept, Past, PastNews};
use crate::domain::question::Question;
use crate::domain::release::lock::LockStand;
use crate::domain::run::RunNews;
use crate::domain::setup::Setup;
use crate::domain::tags::TagList;
use crate::domain::unfinished::Unfinished;
use crate::keys::chord::Chord;
use crate::keys::mouse::Mouse;
use crate::store::logs::SegmentHits;

/// One input of the core. A sequence of them, with their times, is a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The console is asked to end (a signal, or its terminal went away).
    Quit,
    /// A key.
    Key(Chord),
    /// The mouse.
    Mouse(Mouse),
    /// Text that was pasted as a whole, not clean.
    Paste(String),
    /// The terminal's size, columns and rows.
    Resize(u16, u16),
    /// A second went by; sent only while something that is shown depends on the time.
    Tick,
    /// Something was observed.
    Batch(Batch),
    /// Log lines came.
    Logs(LogBatch),
    /// The configuration, at start and after a reload.
    Setup(Setup),
    /// A reload was refused; the one in force stays.
    SetupRefused(Failure),
    /// A task asks a person; the answer goes back by [`super::effect::Effect::Answer`].
    Ask(RequestId, Question),
    /// A question that needs no answer any more.
    Withdrawn(RequestId),
    /// How keeping readings fares.
    Past(PastNews),
    /// The runs of an app that have no end, as its servers know them; all there are.
    Unfinished(AppId, Vec<Unfinished>),
    /// The runs of an app that wait for a second person; all there are.
    Waiting(AppId, Vec<Waiting>),
    /// An effect's answer.
    Reply(RequestId, Reply),
}

/// What an effect answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done, with a word for the reader.
    Done(String),
    /// It failed.
    Failed(Failure),
    /// A search found these lines.
    Found {
        /// By the segment.
        segments: Vec<SegmentHits>,
        /// Whether that was all.
        done: bool,
    },
    /// What was kept of series and events.
    Past(Past),
    /// Of which series anything was kept.
    Kept(Kept),
    /// How far the look at a server is, for a plan.
    Looked(ServerId, Looked),
    /// A plan was made.
    Planned(Box<Planned>),
    /// No plan could be made.
    Unplanned(Unplanned),
    /// How the lock stands that is waited for.
    Lock(Box<LockStand>),
    /// The releases of an app.
    Releases(Ledgers),
    /// The tags that can be deployed of an app.
    Tags(Box<TagList>),
    /// How a Compose project would be an app of the configuration.
    Adoptable(Box<Offer>),
    /// These apps were added to the configuration.
    Added(Vec<AppId>),
    /// The files of a backup.
    Files(Box<FileList>),
    /// The files that were found in the backups of a datastore.
    FoundFiles {
        /// So far.
        found: Box<FoundFiles>,
        /// Whether that is all.
        done: bool,
    },
    /// What a run tells.
    Run(Box<RunNews>),
    /// How it goes with a command in a container.
    Exec(Box<ExecNews>),
}
