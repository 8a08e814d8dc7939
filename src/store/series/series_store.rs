//! All series of all servers, within a bounded number.

use std::collections::BTreeMap;
use std::time::Duration;

use super::derive;
use super::series_one::{Bucket, Series};
use crate::domain::access::AccessStats;
use crate::domain::cadence;
use crate::domain::check::CheckResult;
use crate::domain::container::ContainerUsage;
use crate::domain::forecast;
use crate::domain::ids::ServerId;
use crate::domain::metric::{Metric, SeriesKey};
use crate::domain::past::Earlier;
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;

/// The most series over all servers, about 6 KiB each when a day is full. Past it those go that were
/// silent for fifteen minutes; where none was, a new one is not kept, since making room for it would only
/// trade one that is alive.
pub const MAX_SERIES: usize = 24_000;

/// How many of them containers may have, so that the servers' own always find room.
const OF_CONTAINERS: usize = 16_000;

/// How many of those may be of traffic, so that on a large fleet the containers' processor time and memory
/// find room before it.
const OF_TRAFFIC: usize = 4_000;

/// A series without a value for so long is not alive.
const SILENT: Duration = Duration::from_secs(15 * 60);

/// How often silent ones are looked for at most: it takes a look at all of them.
const SWEEP: Duration = Duration::from_secs(60);

/// The span over which a disk's growth is judged.
const GROWTH: Duration = Duration::from_secs(6 * 3600);

/// The minutes of a day.
const DAY: i64 = 24 * 60;

/// The most earlier values of a series that are taken at once.
const DAY_POINTS: usize = 1500;

/// Series by server and metric.
#[derive(Clone, Debug, Default)]
pub struct SeriesStore {
    servers: BTreeMap<ServerId, BTreeMap<Metric, Box<Series>>>,
    count: usize,
    /// How many of them are a container's.
    of_containers: usize,
    /// How many of those are of its traffic.
    of_traffic: usize,
    /// When silent ones were looked for last.
    swept: Option<Timestamp>,
}

impl SeriesStore {
    /// Takes a value that is read every `interval`; not where there is no room for a new series.
    pub fn record(
        &mut self,
        server: &ServerId,
        metric: Metric,
        value: f64,
        at: Timestamp,
        interval: Duration,
    ) {
        if let Some(series) = self.series(server, metric, at) {
            series.record(value as f32, at, interval);
        }
    }

    /// Takes a look at a machine.
    pub fn vitals(&mut self, server: &ServerId, vitals: &Vitals, at: Timestamp, interval: Duration) {
        for (metric, value) in derive::of_vitals(vitals) {
            self.record(server, metric, value, at, interval);
        }
    }

    /// Takes what a container uses, by its name, which stays over a redeploy.
    pub fn usage(&mut self, server: &ServerId, name: &str, usage: &ContainerUsage, at: Timestamp) {
        for (metric, value) in derive::of_usage(name, usage) {
            self.record(server, metric, value, at, cadence::USAGE);
        }
    }

    /// Takes figures of an access log.
    pub fn access(&mut self, server: &ServerId, stats: &AccessStats, at: Timestamp) {
        for (metric, value) in derive::of_access(stats) {
            self.record(server, metric, value, at, cadence::ACCESS);
        }
    }

    /// Takes a check's time to answer, and what else it read.
    pub fn check(&mut self, server: &ServerId, result: &CheckResult, at: Timestamp) {
        for (metric, value) in derive::of_check(result) {
            self.record(server, metric, value, at, result.interval);
        }
    }

    /// Takes what a series was in the day before `now`; what was read here stays as it is.
    pub fn earlier(&mut self, server: &ServerId, earlier: &Earlier, now: Timestamp) {
        let minutes = minutes_of(earlier, now);
        if minutes.is_empty() {
            return;
        }
        if let Some(series) = self.series(server, earlier.metric.clone(), now) {
            series.import(minutes);
        }
    }

    /// A range in equal parts; `None` for a part in which nothing was read. Detailed up to half an
    /// hour, where that lies in the last quarter; by the minute up to a day.
    pub fn points(
        &self,
        key: &SeriesKey,
        from: Timestamp,
        to: Timestamp,
        buckets: usize,
    ) -> Vec<Option<Bucket>> {
        self.get(key).map_or_else(|| vec![None; buckets], |series| series.points(from, to, buckets))
    }

    /// The last value of a series, and when it was read.
    pub fn last(&self, key: &SeriesKey) -> Option<(f32, Timestamp)> {
        self.get(key)?.last()
    }

    /// What is measured on a server.
    pub fn metrics(&self, server: &ServerId) -> impl Iterator<Item = &Metric> {
        self.servers.get(server).into_iter().flat_map(BTreeMap::keys)
    }

    /// The servers that have series.
    pub fn servers(&self) -> impl Iterator<Item = &ServerId> {
        self.servers.keys()
    }

    /// When each disk of a server will be full, where it fills steadily; for each minute or so.
    pub fn disk_forecasts(&self, server: &ServerId, now: Timestamp) -> Vec<(String, Option<Timestamp>)> {
        let disks = self.servers.get(server).into_iter().flatten();
        disks
            .filter_map(|(metric, series)| match metric {
                Metric::Disk(mount) => Some((mount.to_string(), forecast_one(series, now))),
                _ => None,
            })
            .collect()
    }

    /// Forgets the servers that are not kept, after a reload.
    pub fn keep(&mut self, keep: impl Fn(&ServerId) -> bool) {
        self.servers.retain(|server, _| keep(server));
        self.recount();
    }

    /// The number of series.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of memory that all series take, their names not counted.
    pub fn bytes(&self) -> usize {
        let series = self.servers.values().flat_map(BTreeMap::values);
        series.map(|series| size_of::<Series>() + series.heap()).sum()
    }

    fn get(&self, key: &SeriesKey) -> Option<&Series> {
        self.servers.get(&key.server)?.get(&key.metric).map(Box::as_ref)
    }

    /// The series; a new one where there is none and there is room.
    fn series(&mut self, server: &ServerId, metric: Metric, at: Timestamp) -> Option<&mut Series> {
        let known = self.servers.get(server).is_some_and(|all| all.contains_key(&metric));
        if !known {
            if !self.makes_room(&metric, at) {
                return None;
            }
            self.count += 1;
            self.of_containers += usize::from(is_of_container(&metric));
            self.of_traffic += usize::from(metric.is_traffic_of_container());
        }
        Some(self.servers.entry(server.clone()).or_default().entry(metric).or_default())
    }

    fn has_room(&self, metric: &Metric) -> bool {
        self.count < MAX_SERIES
            && (self.of_containers < OF_CONTAINERS || !is_of_container(metric))
            && (self.of_traffic < OF_TRAFFIC || !metric.is_traffic_of_container())
    }

    /// Whether there is room, after silent ones went for it.
    fn makes_room(&mut self, metric: &Metric, at: Timestamp) -> bool {
        if self.has_room(metric) {
            return true;
        }
        if self.swept.is_some_and(|swept| at.since(swept) < SWEEP) {
            return false;
        }
        self.swept = Some(at);
        let alive = |series: &Series| series.last().is_some_and(|(_, last)| at.since(last) < SILENT);
        for all in self.servers.values_mut() {
            all.retain(|_, series| alive(series));
        }
        self.recount();
        self.has_room(metric)
    }

    fn recount(&mut self) {
        self.count = self.servers.values().map(BTreeMap::len).sum();
        let metrics = self.servers.values().flat_map(BTreeMap::keys);
        self.of_containers = metrics.clone().filter(|metric| is_of_container(metric)).count();
        self.of_traffic = metrics.filter(|metric| metric.is_traffic_of_container()).count();
    }
}

fn is_of_container(metric: &Metric) -> bool {
    matches!(metric, Metric::ContainerCpu(_) | Metric::ContainerMemory(_)) || metric.is_traffic_of_container()
}

/// The minutes that earlier readings fill, within a day before `now` and no matter what they claim.
fn minutes_of(earlier: &Earlier, now: Timestamp) -> BTreeMap<i64, f32> {
    let minute = |at: Timestamp| at.as_millis().div_euclid(60_000);
    let (oldest, newest) = (minute(now) - DAY, minute(now));
    let each = i64::try_from(earlier.every.as_secs() / 60).unwrap_or(DAY).clamp(1, DAY);
    let known = earlier.points.iter().filter(|(_, value)| value.is_finite());
    let mut minutes = BTreeMap::new();
    for (at, value) in known.filter(|(at, _)| (oldest..=newest).contains(&minute(*at))).take(DAY_POINTS) {
        let until = minute(*at).saturating_add(each - 1).min(newest);
        minutes.extend((minute(*at)..=until).map(|minute| (minute, *value)));
    }
    minutes
}

fn forecast_one(series: &Series, now: Timestamp) -> Option<Timestamp> {
    let minutes = usize::try_from(GROWTH.as_secs() / 60).unwrap_or(0);
    let from = now - GROWTH;
    let points: Vec<_> = series
        .points(from, now, minutes)
        .into_iter()
        .enumerate()
        .filter_map(|(i, bucket)| Some((from + Duration::from_secs(60 * i as u64 + 30), bucket?.avg)))
        .collect();
    forecast::full_at(&points, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Percent;
    use crate::domain::vitals::CpuUse;

    const TWO: Duration = Duration::from_secs(2);

    fn key(server: &str, metric: Metric) -> SeriesKey {
        SeriesKey { server: server.into(), metric }
    }

    #[test]
    fn a_look_at_a_machine_becomes_series() {
        let mut store = SeriesStore::default();
        let cpu = Some(CpuUse { busy: Percent(42.0), ..CpuUse::default() });
        store.vitals(&"a".into(), &Vitals { cpu, ..Vitals::default() }, Timestamp::from_secs(10), TWO);
        let points =
            store.points(&key("a", Metric::Cpu), Timestamp::from_secs(10), Timestamp::from_secs(12), 1);
        assert_eq!(points, [Some(Bucket { min: 42.0, avg: 42.0, max: 42.0 })]);
        assert_eq!(
            store.points(&key("b", Metric::Cpu), Timestamp::default(), Timestamp::from_secs(9), 2),
            [None; 2]
        );
        store.keep(|_| false);
        assert!(store.is_empty());
    }

    fn container(n: usize) -> Metric {
        Metric::ContainerCpu(n.to_string().into())
    }

    /// As many series of containers as there may be, all with a value at second zero.
    fn full() -> SeriesStore {
        let mut store = SeriesStore::default();
        for n in 0..OF_CONTAINERS {
            store.record(&"a".into(), container(n), 1.0, Timestamp::from_secs(0), TWO);
        }
        store
    }

    #[test]
    fn past_the_bound_no_living_series_is_traded_for_another() {
        let mut store = full();
        store.record(&"a".into(), container(OF_CONTAINERS), 1.0, Timestamp::from_secs(2), TWO);
        assert_eq!(store.len(), OF_CONTAINERS);
        assert!(store.last(&key("a", container(OF_CONTAINERS))).is_none());
        assert!(store.last(&key("a", container(0))).is_some());
    }

    #[test]
    fn traffic_leaves_room_for_what_containers_use() {
        let mut store = SeriesStore::default();
        for n in 0..=OF_TRAFFIC {
            let metric = Metric::ContainerDiskRead(n.to_string().into());
            store.record(&"a".into(), metric, 1.0, Timestamp::from_secs(0), TWO);
        }
        assert_eq!(store.len(), OF_TRAFFIC);
        store.record(&"a".into(), container(0), 1.0, Timestamp::from_secs(2), TWO);
        assert_eq!(store.len(), OF_TRAFFIC + 1);
    }

    #[test]
    fn servers_find_room_where_containers_find_none() {
        let mut store = full();
        store.record(&"b".into(), Metric::Cpu, 1.0, Timestamp::from_secs(2), TWO);
        assert!(store.last(&key("b", Metric::Cpu)).is_some());
        for n in 0..MAX_SERIES {
            let metric = Metric::Prometheus(n.to_string().into());
            store.record(&"b".into(), metric, 1.0, Timestamp::from_secs(2), TWO);
        }
        assert_eq!(store.len(), MAX_SERIES);
    }

    #[test]
    fn past_the_bound_the_silent_ones_go() {
        let mut store = full();
        let late = Timestamp::from_secs(0) + SILENT;
        store.record(&"a".into(), container(7), 1.0, late - TWO, TWO);
        store.record(&"a".into(), container(OF_CONTAINERS), 1.0, late, TWO);
        assert_eq!(store.len(), 2);
        assert!(store.last(&key("a", container(7))).is_some());
        assert!(store.last(&key("a", container(OF_CONTAINERS))).is_some());
    }

    #[test]
    fn earlier_values_are_taken_for_a_day_and_never_over_what_was_read() {
        let mut store = SeriesStore::default();
        let (metric, now) = (Metric::Prometheus("load".into()), Timestamp::from_secs(200 * 3600));
        store.record(&"a".into(), metric.clone(), 5.0, now, TWO);
        let ago = |minutes: u64| now - Duration::from_secs(minutes * 60);
        let points = vec![
            (ago(1800), 1.0),
            (ago(120), 2.0),
            (ago(60), f32::NAN),
            (ago(2), 3.0),
            (now, 9.0),
            (now + Duration::from_secs(3600), 9.0),
            (Timestamp::from_millis(i64::MIN), 9.0),
            (Timestamp::from_millis(i64::MAX), 9.0),
        ];
        let earlier = Earlier { metric: metric.clone(), every: Duration::from_secs(120), points };
        store.earlier(&"a".into(), &earlier, now);
        let load = key("a", metric);
        let minute = Duration::from_secs(60);
        let at = |minutes: u64| store.points(&load, ago(minutes), ago(minutes) + minute, 1)[0].map(|b| b.max);
        assert_eq!([at(1800), at(120), at(119), at(118)], [None, Some(2.0), Some(2.0), None]);
        assert_eq!([at(60), at(2), at(1)], [None, Some(3.0), Some(3.0)]);
        assert_eq!(at(0), Some(5.0));
        assert_eq!(store.last(&load), Some((5.0, now)));
    }

    #[test]
    fn earlier_values_find_no_room_where_there_is_none() {
        let mut store = SeriesStore::default();
        let metric = |n: usize| Metric::Prometheus(n.to_string().into());
        for n in 0..MAX_SERIES {
            store.record(&"a".into(), metric(n), 1.0, Timestamp::from_secs(60), TWO);
        }
        let points = vec![(Timestamp::from_secs(0), 1.0)];
        let earlier = Earlier { metric: metric(MAX_SERIES), every: Duration::from_secs(60), points };
        store.earlier(&"a".into(), &earlier, Timestamp::from_secs(60));
        assert_eq!(store.len(), MAX_SERIES);
    }

    #[test]
    fn a_disk_that_fills_is_forecast_and_one_that_does_not_is_not() {
        let mut store = SeriesStore::default();
        for minute in 0..240 {
            let at = Timestamp::from_secs(minute * 60);
            let interval = Duration::from_secs(60);
            store.record(&"a".into(), Metric::Disk("/".into()), 50.0 + minute as f64 / 12.0, at, interval);
            store.record(&"a".into(), Metric::Disk("/var".into()), 50.0, at, interval);
        }
        let forecasts = store.disk_forecasts(&"a".into(), Timestamp::from_secs(240 * 60));
        let hours: Vec<_> = forecasts
            .iter()
            .map(|(mount, at)| (mount.as_str(), at.map(|at| at.as_millis() / 3_600_000)))
            .collect();
        assert_eq!(hours, [("/", Some(10)), ("/var", None)]);
    }
}
