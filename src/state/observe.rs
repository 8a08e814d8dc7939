//! What collectors saw goes to where it is held.

use super::State;
use crate::message::batch::{Batch, Observation, Subject};

impl State {
    /// Takes one observation; rows and verdicts follow before the next frame.
    pub fn observe(&mut self, batch: Batch) {
        let Batch { server, at, observation } = batch;
        let fleet = &mut self.fleet;
        match observation {
            Observation::Link(link) => fleet.link(&server, link, at),
            Observation::Facts(facts) => fleet.facts(&server, facts, at),
            Observation::Vitals(vitals) => fleet.vitals(&server, vitals, at),
            Observation::Containers(containers) => fleet.containers(&server, containers, at),
            Observation::Usage(usage) => fleet.usage(&server, usage, at),
            Observation::Units(units) => fleet.units(&server, units, at),
            Observation::Access(stats) => fleet.access(&server, stats, at),
            Observation::Check(result) => fleet.check_result(result, at),
            Observation::Samples(_) => {}
            Observation::Mark(mark) => fleet.mark(mark),
            Observation::Failed(subject, failure) => match subject {
                Subject::Vitals => fleet.vitals_failed(&server, failure, at),
                Subject::Containers => fleet.containers_failed(&server, failure, at),
                Subject::Usage => fleet.usage_failed(&server, failure, at),
                Subject::Units => fleet.units_failed(&server, failure, at),
                Subject::Access(label) => fleet.access_failed(&server, &label, failure, at),
                // The logs page tells how each of its sources fares.
                Subject::Logs(_) => {}
                Subject::Samples(label) => fleet.samples_failed(&server, &label, failure, at),
            },
        }
    }
}
