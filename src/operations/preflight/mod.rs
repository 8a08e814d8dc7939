//! What is looked at before a change: one file a check, each with what mends it.

mod already;
mod clock;
mod compose;
mod disk;
mod folder;
mod health;
mod lock;
mod maintenance;
mod part;
mod ports;
mod proxy;
mod registry;
pub(super) mod scale;
mod sent;
mod sent_env;
mod traffic;
mod unfinished;

use crate::domain::deploy::{AppSpec, Place};
use crate::domain::ids::ServerId;
use crate::domain::plan::{Finding, Judgement, Operation};

use super::facts::ServerFacts;

/// One server under a check.
pub struct Subject<'a> {
    /// The app.
    pub spec: &'a AppSpec,
    /// What is planned.
    pub operation: Operation,
    /// The server.
    pub server: &'a ServerId,
    /// The app's place there.
    pub place: &'a Place,
    /// What was read of it.
    pub facts: &'a ServerFacts,
    /// The services that it is of; all where empty.
    pub only: &'a [String],
}

/// A check.
type Check = fn(&Subject<'_>) -> Vec<Finding>;

/// All of them, in the order in which they are shown.
static CHECKS: &[Check] = &[
    folder::check,
    lock::check,
    unfinished::check,
    maintenance::check,
    compose::check,
    sent::check,
    sent_env::check,
    registry::check,
    already::check,
    part::check,
    ports::check,
    proxy::check,
    scale::check,
    traffic::check,
    disk::check,
    clock::check,
    health::check,
];

/// What is found on a server. With a reason, what may be overridden is.
pub fn findings(subject: &Subject<'_>, overridden: bool) -> Vec<Finding> {
    weighed(CHECKS.iter().flat_map(|check| check(subject)), overridden)
}

/// With a reason, what may be overridden is.
pub(super) fn weighed(found: impl IntoIterator<Item = Finding>, overridden: bool) -> Vec<Finding> {
    found
        .into_iter()
        .map(|finding| match finding.judgement {
            Judgement::Refused if overridden && finding.may_override => {
                Finding { judgement: Judgement::Overridden, ..finding }
            }
            _ => finding,
        })
        .collect()
}

impl Subject<'_> {
    fn finding(&self, check: &str, judgement: Judgement, found: impl Into<String>) -> Finding {
        Finding {
            check: check.to_owned(),
            server: Some(self.server.clone()),
            judgement,
            found: found.into(),
            remedy: None,
            may_override: false,
        }
    }

    fn good(&self, check: &str, found: impl Into<String>) -> Finding {
        self.finding(check, Judgement::Good, found)
    }

    /// Something that no reason overrides: the plan could not work.
    fn refused(&self, check: &str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { remedy: Some(remedy.into()), ..self.finding(check, Judgement::Refused, found) }
    }

    /// Something that a typed reason overrides.
    fn doubtful(&self, check: &str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { may_override: true, ..self.refused(check, found, remedy) }
    }
}
