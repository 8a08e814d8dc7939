//! What collectors saw goes to where it is held.

use super::State;
use crate::domain::cadence::Cadence;
use crate::domain::ids::ServerId;
use crate::domain::link::Link;
use crate::domain::metric::Metric;
use crate::domain::past::Samples;
use crate::domain::time::Timestamp;
use crate::message::batch::{Batch, Observation, Subject};
use crate::message::effect::Effect;
use crate::store::fleet::ServerLive;
use crate::store::series::derive;

impl State {
    /// Takes one observation; rows and verdicts follow before the next frame. What it adds to series
    /// and marks is to be kept.
    pub fn observe(&mut self, batch: Batch) -> Vec<Effect> {
        let marks = self.fleet.marks().pushed();
        let mut effects = self.record(&batch);
        self.hold(batch);
        let new = self.fleet.marks().pushed().wrapping_sub(marks);
        effects.extend(self.fleet.marks().iter().rev().take(new).cloned().map(Effect::KeepMark));
        effects
    }

    /// The values of an observation, into their series.
    fn record(&mut self, batch: &Batch) -> Vec<Effect> {
        if let Observation::Earlier(earlier) = &batch.observation {
            self.series.earlier(&batch.server, earlier, batch.at);
        }
        let values = self.values(batch);
        if values.is_empty() {
            return Vec::new();
        }
        let live = self.fleet.server(&batch.server);
        let cadence = live.map_or_else(Cadence::default, |live| live.cadence);
        let configured = match &batch.observation {
            Observation::Vitals(_) => live.map_or(cadence.usage, |live| live.setup.interval),
            Observation::Usage(usage) => cadence.usage(usage.len()),
            Observation::Access(_) => cadence.access,
            Observation::Check(result) => result.interval,
            _ => cadence.samples,
        };
        let interval = configured * live.map_or(1, ServerLive::stretch);
        for (metric, value) in &values {
            self.series.record(&batch.server, metric.clone(), f64::from(*value), batch.at, interval);
        }
        if matches!(batch.observation, Observation::Vitals(_)) {
            self.forecast(&batch.server, batch.at);
        }
        vec![Effect::Keep(Samples { server: batch.server.clone(), at: batch.at, values })]
    }

    /// When disks will be full. That looks at hours; once a minute is often enough.
    fn forecast(&mut self, server: &ServerId, at: Timestamp) {
        let before = self.fleet.server(server).and_then(|live| live.vitals.last.as_ref());
        if before.map(|(_, at)| minute(*at)) != Some(minute(at)) {
            for (mount, full_at) in self.series.disk_forecasts(server, at) {
                self.fleet.disk_forecast(server, &mount, full_at);
            }
        }
    }

    fn values(&self, batch: &Batch) -> Vec<(Metric, f32)> {
        let values = match &batch.observation {
            Observation::Vitals(vitals) => derive::of_vitals(vitals),
            Observation::Usage(usage) => {
                let live = self.fleet.server(&batch.server);
                // A container that is not in the list yet has no name; its next reading has.
                let named = usage.iter().filter_map(|(id, usage)| Some((live?.container(id)?, usage)));
                named.flat_map(|(container, usage)| derive::of_usage(&container.name, usage)).collect()
            }
            Observation::Access(stats) => derive::of_access(stats),
            Observation::Check(result) => derive::of_check(result).collect(),
            Observation::Samples(samples) => samples.clone(),
            _ => Vec::new(),
        };
        values.into_iter().map(|(metric, value)| (metric, value as f32)).collect()
    }

    fn hold(&mut self, batch: Batch) {
        let Batch { server, at, observation } = batch;
        let fleet = &mut self.fleet;
        match observation {
            Observation::Link(link) => {
                if let Link::Down { failure, .. } = &link {
                    self.logs_page.lost(&server, failure, at);
                    self.run_log.failed(&server, None, failure, at);
                }
                fleet.link(&server, link, at);
            }
            Observation::Facts(facts) => fleet.facts(&server, facts, at),
            Observation::Vitals(vitals) => fleet.vitals(&server, vitals, at),
            Observation::Containers(containers) => fleet.containers(&server, containers, at),
            Observation::Usage(usage) => fleet.usage(&server, usage, at),
            Observation::Units(units) => fleet.units(&server, units, at),
            Observation::Access(stats) => fleet.access(&server, stats, at),
            Observation::Check(result) => fleet.check_result(result, at),
            // Series only, and those were taken already.
            Observation::Samples(_) | Observation::Earlier(_) => {}
            Observation::Backups(repository, backups) => fleet.backups(&repository, backups, at),
            Observation::Drills(drills) => fleet.drills(drills, at),
            Observation::Maintenance(apps) => fleet.maintenance(&server, apps, at),
            Observation::Archived(datastore, archived) => fleet.archived(&datastore, *archived, at),
            Observation::Checked(checked) => fleet.checked(checked),
            Observation::Mark(mark) => fleet.mark(mark),
            Observation::Failed(subject, failure) => match subject {
                Subject::Vitals => fleet.vitals_failed(&server, failure, at),
                Subject::Containers => fleet.containers_failed(&server, failure, at),
                Subject::Usage => fleet.usage_failed(&server, failure, at),
                Subject::Units => fleet.units_failed(&server, failure, at),
                Subject::Access(label) => fleet.access_failed(&server, &label, failure, at),
                Subject::Logs(stream) => {
                    self.run_log.failed(&server, Some(&stream), &failure, at);
                    self.logs_page.failed(&server, &stream, failure, at);
                }
                Subject::Samples(label) => fleet.samples_failed(&server, &label, failure, at),
                Subject::Maintenance => fleet.maintenance_failed(&server, failure, at),
                Subject::Archive(datastore) => fleet.archive_failed(&datastore, failure, at),
                Subject::Drills => fleet.drills_failed(failure, at),
                Subject::Repository(repository) => fleet.backups_failed(&repository, failure, at),
            },
        }
    }
}

const fn minute(at: Timestamp) -> i64 {
    at.as_millis() / 60_000
}
