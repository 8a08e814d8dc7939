//! What is wrong on one server: one rule a file. A rule reads what is known of a server and adds
//! findings; it knows no other server and no other rule.

pub mod access;
mod clock;
pub mod containers;
pub mod cpu;
mod disk;
mod engine;
mod link;
mod memory;
mod oom;
#[cfg(test)]
pub mod sample;
mod units;
mod unread;

pub mod backup;
pub mod check;
pub mod interrupted;
pub mod missing;

use super::finding::Finding;
use super::server::ServerLive;
use crate::domain::thresholds::Thresholds;
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;

/// What a rule sees.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The server.
    pub server: &'a ServerLive,
    /// Its last look at the machine, where that may be believed.
    pub vitals: Option<&'a Vitals>,
    /// The console's clock.
    pub now: Timestamp,
}

impl<'a> Seen<'a> {
    /// What is seen of a server at an instant.
    pub fn new(server: &'a ServerLive, now: Timestamp) -> Self {
        let fresh = server.vitals_freshness(now) == crate::domain::reading::Freshness::Fresh;
        Self { server, vitals: server.vitals.value().filter(|_| fresh), now }
    }

    fn limits(&self) -> &'a Thresholds {
        &self.server.setup.thresholds
    }
}

/// One rule.
pub type Rule = fn(&Seen<'_>, &mut Vec<Finding>);

/// The rules on a server that is connected, in no particular order.
pub const RULES: &[Rule] = &[
    access::find,
    clock::find,
    containers::find,
    cpu::find,
    disk::find,
    engine::find,
    memory::find,
    oom::find,
    units::find,
    unread::find,
];

/// All that is wrong on a server. While its connection is down that is the one thing that is
/// known: what was seen before it went is no finding any more.
pub fn find(seen: &Seen<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    link::find(seen, &mut findings);
    if findings.is_empty() {
        for rule in RULES {
            rule(seen, &mut findings);
        }
    }
    findings
}
