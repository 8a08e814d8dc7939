//! Findings on one server, with what a typed reason overrides; the lock is one that all look at.

use super::facts::Held;
use crate::domain::datastore::DatastoreSpec;
use crate::domain::deploy::Place;
use crate::domain::ids::ServerId;
use crate::domain::plan::{Finding, Judgement};

/// Adds them.
pub(super) struct Findings<'a> {
    pub(super) spec: &'a DatastoreSpec,
    pub(super) server: ServerId,
    /// Whether a reason was typed.
    pub(super) reason: bool,
    pub(super) all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// None yet, on the datastore's own server.
    pub(super) fn new(spec: &'a DatastoreSpec, reason: bool) -> Self {
        Self::on(spec, spec.server.clone(), reason)
    }

    /// None yet, on another.
    pub(super) const fn on(spec: &'a DatastoreSpec, server: ServerId, reason: bool) -> Self {
        Self { spec, server, reason, all: Vec::new() }
    }

    pub(super) fn good(&mut self, check: &str, found: String) {
        self.add(check, Judgement::Good, found, None, false);
    }

    pub(super) fn note(&mut self, check: &str, found: String) {
        self.add(check, Judgement::Noted, found, None, false);
    }

    pub(super) fn refuse(&mut self, check: &str, found: String, remedy: &str, may_override: bool) {
        let judgement = if self.reason && may_override { Judgement::Overridden } else { Judgement::Refused };
        self.add(check, judgement, found, Some(remedy.to_owned()), may_override);
    }

    fn add(
        &mut self,
        check: &str,
        judgement: Judgement,
        found: String,
        remedy: Option<String>,
        may_override: bool,
    ) {
        let server = Some(self.server.clone());
        self.all.push(Finding { check: check.to_owned(), server, judgement, found, remedy, may_override });
    }

    /// Who holds the lock of a place; `nobody` is what is said where nobody does.
    pub(super) fn lock(&mut self, lock: Option<&Held>, place: &Place, nobody: &str) {
        match lock.map(|lock| holds(lock, place)) {
            None => self.good("lock", nobody.to_owned()),
            Some((found, remedy)) => self.refuse("lock", found, &remedy, false),
        }
    }
}

/// Who holds the lock of a place, and what to do.
pub(super) fn holds(lock: &Held, place: &Place) -> (String, String) {
    match lock {
        Held::By(it) => (
            format!("{} holds the lock since {}: {}", it.by, it.since.rfc3339(), it.what),
            format!("wait for it; where it has died: midwatch resume {}", it.run),
        ),
        Held::Unreadable(begins) => (
            format!("the lock is held by something that cannot be read: {begins}"),
            format!("look at {}/lock", place.own()),
        ),
    }
}
