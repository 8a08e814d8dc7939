//! Work that the core asks of the runtime. Carries ids, never indexes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::Asked;
use crate::domain::approval::{Verdict, Waiting};
use crate::domain::deploy::Place;
use crate::domain::event_mark::EventMark;
use crate::domain::exec::ExecAsked;
use crate::domain::ids::{AppId, BackupId, DatastoreId, RequestId, ServerId};
use crate::domain::log_source::LogSource;
use crate::domain::past::{PastQuery, Samples};
use crate::domain::plan::FrozenPlan;
use crate::domain::question::Answer;
use crate::domain::time::Timestamp;
use crate::domain::unfinished::{Unfinished, Way};
use crate::store::logs::{Cursor, Hits, LogStore, Matcher, SourceId, Unsearched};

/// One piece of work.
#[derive(Clone, Debug)]
pub enum Effect {
    /// End the console.
    Quit,
    /// Answer a task's question.
    Answer(RequestId, Answer),
    /// Try a server again now, whatever its backoff says.
    Reconnect(ServerId),
    /// Which servers someone looks at; the collectors of the others slow down.
    Watch(Vec<ServerId>),
    /// Keep readings beyond this console's life.
    Keep(Samples),
    /// Keep a mark likewise.
    KeepMark(EventMark),
    /// Ask what was kept; answered by [`super::event::Reply::Past`] or a failure.
    Past(RequestId, PastQuery),
    /// Ask of which series anything was kept; answered by [`super::event::Reply::Kept`] or a failure.
    Kept(RequestId),
    /// Put text on the operator's clipboard (OSC 52).
    Copy(String),
    /// Follow a log from so far back on. For one that is followed already this begins anew: nothing
    /// of the earlier stream may come behind the empty batch by which the new one begins.
    Follow {
        /// Which.
        source: LogSource,
        /// How far back.
        back: Back,
    },
    /// Read the part of a followed log from a time to another, both included; it comes as
    /// [`super::log_batch::Part::Earlier`], its end last. A later one takes the place of one under way.
    Reach {
        /// Which.
        source: LogSource,
        /// No line before this.
        from: Timestamp,
        /// No line after this.
        until: Timestamp,
    },
    /// Nobody looks at a log any more.
    Unfollow(LogSource),
    /// Search lines on another thread; the answers are what was found, bit by bit. A later search
    /// for the same purpose takes its place.
    SearchLogs(RequestId, SearchLogs),
    /// Write lines to a new file, with secrets masked; the answer is a word for the reader.
    SaveLogs(RequestId, SaveLogs),
    /// Gather facts and plan a change; nothing is changed. Answered by [`super::event::Reply::Looked`]
    /// for each server, then by [`super::event::Reply::Planned`] or [`super::event::Reply::Unplanned`].
    /// A later one takes the place of one that is not answered yet.
    Plan(RequestId, Asked),
    /// Nobody waits for that plan any more, or for that lock.
    Unplan,
    /// Wait until nobody else changes what is in these folders, in the place of a plan that is not answered
    /// yet; answered by [`super::event::Reply::Lock`] for each who does, and at the end.
    AwaitLock(RequestId, BTreeMap<ServerId, Place>),
    /// Read an app's releases; answered by [`super::event::Reply::Releases`] or a failure.
    Releases(RequestId, AppId),
    /// List the tags that can be deployed of an app; answered by [`super::event::Reply::Tags`], twice
    /// where their dates come later, or a failure. A later one takes the place of one that is not
    /// answered yet.
    Tags(RequestId, AppId),
    /// Carry out the plan that was confirmed; all that it tells comes as
    /// [`super::event::Reply::Run`], its end last and always.
    Run(RequestId, Box<FrozenPlan>),
    /// Take a run up again that ended without a word; answered likewise.
    Resume(RequestId, Box<Unfinished>, Way),
    /// End a run at its next safe point.
    CancelRun(RequestId),
    /// Look at a Compose project that no app of the configuration deploys, to say how it would be one;
    /// answered by [`super::event::Reply::Adoptable`] or a failure.
    Adopt(RequestId, String, Vec<ServerId>),
    /// Add these apps to the configuration's file by this text; answered by
    /// [`super::event::Reply::Added`] or a failure.
    AddApps(RequestId, Vec<AppId>, String),
    /// List the files of a backup in or below a folder; answered by [`super::event::Reply::Files`] or a
    /// failure. A later one, or a search, takes the place of one that is not answered yet.
    Files(RequestId, DatastoreId, BackupId, String),
    /// Look for files in all backups of a datastore; answered by [`super::event::Reply::FoundFiles`], again
    /// and again until it is done, or a failure.
    FindFiles(RequestId, DatastoreId, String),
    /// Nobody looks into backups any more.
    Unbrowse,
    /// Answer a run of another console that waits for a second person.
    Approve(RequestId, Box<Waiting>, Verdict),
    /// Run a command in a container; answered by [`super::event::Reply::Exec`], twice where it came to
    /// run, or a failure.
    Exec(RequestId, Box<ExecAsked>),
    /// Give the terminal to a command that runs, until it is over.
    Lend(RequestId),
    /// Take the terminal back.
    TakeBack,
    /// Nobody waits for that command any more: it loses its terminal.
    LeaveExec(RequestId),
    /// Look again and again whether runs of an app have no end or wait for a second person; answered by
    /// [`super::event::Event::Unfinished`] and [`super::event::Event::Waiting`].
    LookUnfinished(AppId),
}

/// How far back a follow begins: what satisfies both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// No line before this, where given.
    pub since: Option<Timestamp>,
    /// At most this many lines from before the follow, the newest ones, where given.
    pub lines: Option<u64>,
}

/// Which lines are saved, and where.
#[derive(Clone, Debug)]
pub struct SaveLogs {
    /// A file that must not exist yet, as it was typed: relative to where the console was started,
    /// `~/` the home directory.
    pub path: String,
    /// The lines, as they were when it was asked for; shares its memory with the live ones.
    pub store: LogStore,
    /// The sources.
    pub sources: Vec<SourceId>,
    /// Only these, where given: what passes the filters.
    pub hits: Option<Arc<Hits>>,
    /// Only these, where there are some: what is marked.
    pub only: Vec<Cursor>,
    /// Nothing from here on.
    pub end: Cursor,
}

/// A search over lines.
#[derive(Clone, Debug)]
pub struct SearchLogs {
    /// What for.
    pub purpose: SearchPurpose,
    /// What is wanted.
    pub matcher: Matcher,
    /// Where to look.
    pub work: Unsearched,
}

/// What a search is for: one of each runs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SearchPurpose {
    /// What passes the filters.
    Filter,
    /// What the reader looks for.
    Find,
}
