//! What collectors saw goes to where it is held.

use super::State;
use crate::domain::cadence::SAMPLES;
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::message::batch::{Batch, Observation, Subject};

impl State {
    /// Takes one observation; rows and verdicts follow before the next frame.
    pub fn observe(&mut self, batch: Batch) {
        let Batch { server, at, observation } = batch;
        self.chart(&server, &observation, at);
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
            // Series only, and those were taken already.
            Observation::Samples(_) => {}
            Observation::Mark(mark) => fleet.mark(mark),
            Observation::Failed(subject, failure) => match subject {
                Subject::Vitals => fleet.vitals_failed(&server, failure, at),
                Subject::Containers => fleet.containers_failed(&server, failure, at),
                Subject::Usage => fleet.usage_failed(&server, failure, at),
                Subject::Units => fleet.units_failed(&server, failure, at),
                Subject::Access(label) => fleet.access_failed(&server, &label, failure, at),
                Subject::Logs(stream) => self.logs_page.failed(&server, &stream, failure, at),
                Subject::Samples(label) => fleet.samples_failed(&server, &label, failure, at),
            },
        }
    }

    /// Takes what of an observation is a reading over time.
    fn chart(&mut self, server: &ServerId, observation: &Observation, at: Timestamp) {
        match observation {
            Observation::Vitals(vitals) => {
                let Some(live) = self.fleet.server(server) else { return };
                let before = live.vitals.last.as_ref().map(|(_, at)| minute(*at));
                self.series.vitals(server, vitals, at, live.setup.interval);
                // A forecast looks at hours; once a minute is often enough.
                if before != Some(minute(at)) {
                    for (mount, full_at) in self.series.disk_forecasts(server, at) {
                        self.fleet.disk_forecast(server, &mount, full_at);
                    }
                }
            }
            Observation::Usage(usage) => {
                for (id, usage) in usage {
                    let container = self.fleet.server(server).and_then(|it| it.container(id));
                    if let Some(name) = container.map(|it| it.name.clone()) {
                        self.series.usage(server, &name, usage, at);
                    }
                }
            }
            Observation::Access(stats) => self.series.access(server, stats, at),
            Observation::Check(result) => self.series.check(server, result, at),
            Observation::Samples(samples) => {
                for (metric, value) in samples {
                    self.series.record(server, metric.clone(), *value, at, SAMPLES);
                }
            }
            _ => {}
        }
    }
}

const fn minute(at: Timestamp) -> i64 {
    at.as_millis() / 60_000
}
