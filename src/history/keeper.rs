//! The thread's own state: minutes that are not written yet, the file, and what is wrong with it.
//!
//! Synchronous: it is told the time, so that a test can run it through a day.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::TransactionBehavior;

use super::database::Database;
use super::error::HistoryError;
use super::handle::Options;
use super::minutes::{self, MINUTE, Minute, TIERS};
use super::tally::Tally;
use super::{marks, names, rollup};
use crate::domain::event_mark::EventMark;
use crate::domain::failure::Failure;
use crate::domain::ids::ServerId;
use crate::domain::metric::Metric;
use crate::domain::past::{Kept, Past, PastNews, PastQuery, Samples};
use crate::domain::time::Timestamp;

/// A minute is written this long after its end: readings of it may still be under way.
const GRACE: i64 = 3_000;
/// How long until the next try when nothing can be written.
pub const AGAIN: Duration = Duration::from_secs(60);
/// How many minutes of servers wait for a file that can be written; then the oldest are lost.
const WAITING: usize = 8192;
/// How many marks wait.
const WAITING_MARKS: usize = 4096;
/// A question names at most so many series.
const ASKED: usize = 256;
/// How often old frames are folded and forgotten.
const UPKEEP: Duration = Duration::from_secs(600);

/// Is told when keeping fails, and when it goes on.
pub type Tell = Box<dyn Fn(PastNews) + Send>;

/// See the module.
pub struct Keeper {
    path: PathBuf,
    /// How long each tier is kept.
    retention: [Duration; 2],
    file: File,
    waiting: BTreeMap<(i64, ServerId), Minute>,
    waiting_marks: VecDeque<EventMark>,
    next_upkeep: Timestamp,
    tell: Tell,
}

enum File {
    Open(Box<Database>),
    /// Closed, and when to try again, unless a person has to do something first.
    Closed(Option<Timestamp>),
    /// Open, but it could not be written to; not before this time again.
    Stuck(Box<Database>, Timestamp),
}

impl Keeper {
    /// Opens the file.
    pub fn new(options: Options, tell: Tell, now: Timestamp) -> Self {
        let mut this = Self {
            path: options.path,
            retention: [options.minutes.max(Duration::from_secs(3600)), options.long],
            file: File::Closed(Some(now)),
            waiting: BTreeMap::new(),
            waiting_marks: VecDeque::new(),
            next_upkeep: now,
            tell,
        };
        this.open(now, true);
        this
    }

    /// Takes readings into their minute.
    pub fn take(&mut self, samples: Samples) {
        if matches!(self.file, File::Closed(None)) {
            return;
        }
        let minute = samples.at.as_millis().div_euclid(MINUTE);
        let fold = self.waiting.entry((minute, samples.server)).or_default();
        for (metric, value) in samples.values {
            if value.is_finite() {
                fold.entry(metric).and_modify(|tally| tally.add(value)).or_insert_with(|| Tally::of(value));
            }
        }
        if self.waiting.len() > WAITING {
            self.waiting.pop_first();
        }
    }

    /// Takes a mark.
    pub fn mark(&mut self, mark: EventMark) {
        if self.waiting_marks.len() >= WAITING_MARKS {
            self.waiting_marks.pop_front();
        }
        self.waiting_marks.push_back(mark);
    }

    /// Writes the minutes that are over, or all where the console ends, in one transaction.
    pub fn flush(&mut self, now: Timestamp, all: bool) {
        let until = now.as_millis().saturating_sub(GRACE).div_euclid(MINUTE);
        let open = if all { BTreeMap::new() } else { self.waiting.split_off(&(until, "".into())) };
        let ready = std::mem::replace(&mut self.waiting, open);
        if ready.is_empty() && self.waiting_marks.is_empty() {
            return;
        }
        let marks = std::mem::take(&mut self.waiting_marks);
        if self.usable(now) && self.write(&ready, &marks, now) {
            self.upkeep(now);
            return;
        }
        for (key, minute) in ready {
            let back = self.waiting.entry(key).or_default();
            for (metric, tally) in minute {
                back.entry(metric).and_modify(|held| held.join(tally)).or_insert(tally);
            }
        }
        for mark in marks {
            self.mark(mark);
        }
    }

    fn write(
        &mut self,
        ready: &BTreeMap<(i64, ServerId), Minute>,
        marks: &VecDeque<EventMark>,
        now: Timestamp,
    ) -> bool {
        self.attempt("keep the history", now, |db| {
            let Database { connection, names, .. } = db;
            let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for ((at, server), minute) in ready {
                minutes::write(&write, names, server, *at, minute)?;
            }
            for mark in marks {
                super::marks::write(&write, names, mark)?;
            }
            Ok(write.commit()?)
        })
        .is_ok()
    }

    /// Answers a question. What is not written yet is written first, as far as its minute is over.
    pub fn range(&mut self, query: &PastQuery, now: Timestamp) -> Result<Past, Failure> {
        self.flush(now, false);
        let mut servers: BTreeMap<ServerId, Vec<Metric>> = BTreeMap::new();
        for key in query.keys.iter().take(ASKED) {
            servers.entry(key.server.clone()).or_default().push(key.metric.clone());
        }
        self.attempt("read the history", now, |db| {
            let read = db.connection.transaction()?;
            let mut past = Past::default();
            for (server, metrics) in &servers {
                past.series.extend(minutes::range(&read, server, metrics, query.from, query.to)?);
            }
            let names: BTreeSet<ServerId> = servers.keys().cloned().collect();
            past.marks = marks::range(&read, &names, query.from, query.to)?;
            Ok(past)
        })
    }

    /// Which series there are.
    pub fn kept(&mut self, now: Timestamp) -> Result<Kept, Failure> {
        self.flush(now, false);
        self.attempt("read the history", now, |db| Ok(minutes::kept(&db.connection)?))
    }

    fn upkeep(&mut self, now: Timestamp) {
        if now < self.next_upkeep {
            return;
        }
        self.next_upkeep = now + UPKEEP;
        let retention = self.retention;
        // What fails here is told by `attempt`, and tried again with the next.
        let _ = self.attempt("prune the history", now, |db| {
            let Database { connection, names, .. } = db;
            let minute = now.as_millis().div_euclid(MINUTE);
            let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            rollup::roll_up(&write, minute - 2)?;
            let mut oldest = minute;
            for (tier, kept) in TIERS.into_iter().zip(retention) {
                let before = (now - kept).as_millis().div_euclid(MINUTE).div_euclid(TIERS[1]) * TIERS[1];
                oldest = oldest.min(before);
                minutes::prune(&write, tier, before)?;
            }
            marks::prune(&write, Timestamp::from_millis(oldest * MINUTE))?;
            names::prune(&write, oldest)?;
            write.commit()?;
            names.forget();
            Ok(())
        });
    }

    /// Whether the file can be written to, as far as is known; tries again where it is time to.
    fn usable(&mut self, now: Timestamp) -> bool {
        match &self.file {
            File::Open(_) => true,
            File::Stuck(_, again) => now >= *again,
            File::Closed(Some(again)) if now >= *again => {
                self.open(now, false);
                matches!(self.file, File::Open(_))
            }
            File::Closed(_) => false,
        }
    }

    /// Does something with the file. A failure is told the first time, and what is broken is
    /// replaced.
    fn attempt<T>(
        &mut self,
        what: &str,
        now: Timestamp,
        work: impl FnOnce(&mut Database) -> Result<T, HistoryError>,
    ) -> Result<T, Failure> {
        let (mut db, stuck) = match std::mem::replace(&mut self.file, File::Closed(None)) {
            File::Open(db) => (db, false),
            File::Stuck(db, _) => (db, true),
            File::Closed(again) => {
                self.file = File::Closed(again);
                return Err(HistoryError::Closed.failure(what, AGAIN));
            }
        };
        let error = match work(&mut db) {
            Ok(done) => {
                if stuck && what.starts_with("keep") {
                    (self.tell)(PastNews::Kept);
                }
                let still = stuck && !what.starts_with("keep");
                self.file = if still { File::Stuck(db, now) } else { File::Open(db) };
                return Ok(done);
            }
            Err(error) => error,
        };
        db.names.forget();
        let failure = error.failure(&format!("{what} in {}", self.path.display()), AGAIN);
        tracing::warn!(%failure, "history");
        if error.is_damage() {
            match db.replace(&error, now) {
                Ok(opened) => self.opened(opened),
                Err(error) => self.closed(&error, now, true),
            }
            return Err(failure);
        }
        if !stuck {
            (self.tell)(PastNews::Stopped(failure.clone()));
        }
        self.file = File::Stuck(db, now + AGAIN);
        Err(failure)
    }

    fn open(&mut self, now: Timestamp, first: bool) {
        match Database::open(&self.path, now) {
            Ok(opened) => {
                if !first {
                    (self.tell)(PastNews::Kept);
                }
                self.opened(opened);
            }
            Err(error) => self.closed(&error, now, first),
        }
    }

    fn opened(&mut self, (db, replaced): (Database, Option<Failure>)) {
        self.file = File::Open(Box::new(db));
        if let Some(failure) = replaced {
            (self.tell)(PastNews::Replaced(failure));
        }
    }

    fn closed(&mut self, error: &HistoryError, now: Timestamp, tell: bool) {
        let failure = error.failure(&format!("keep the history in {}", self.path.display()), AGAIN);
        tracing::warn!(%failure, "history");
        let again = error.is_passing().then(|| now + AGAIN);
        if again.is_none() {
            self.waiting.clear();
        }
        self.file = File::Closed(again);
        if tell {
            (self.tell)(PastNews::Stopped(failure));
        }
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
