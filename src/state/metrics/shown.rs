//! What the page shows now, worked out from the state: series, values, events. Drawn and copied from
//! the same.

use ratatui::layout::Rect;

use super::charts::{ChartOf, direction};
use super::layout::{MetricsLayout, layout};
use super::window::Window;
use crate::domain::cadence::Cadence;
use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::figure::Figure;
use crate::domain::metric::{Metric, MetricUnit, SeriesKey};
use crate::domain::past::Bin;
use crate::domain::reading::STALE_AFTER_INTERVALS;
use crate::domain::time::{Age, Timestamp};
use crate::state::State;
use crate::store::fleet::ServerLive;
use crate::widgets::chart::BINS;
use crate::widgets::chart::legend::Entry;
use crate::widgets::chart::scale::Scale;

/// The page.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Where things stand.
    pub layout: MetricsLayout,
    /// The time that is shown.
    pub window: Window,
    /// The charts that are shown.
    pub charts: Vec<ShownChart>,
    /// What happened within the window, oldest first, with its cell.
    pub events: Vec<(u16, EventMark)>,
    /// The cell of the cursor, where it is within the window.
    pub cursor: Option<u16>,
}

/// One chart.
#[derive(Clone, Debug)]
pub struct ShownChart {
    /// What it is of.
    pub of: ChartOf,
    /// Whether it has the focus.
    pub focused: bool,
    /// Where it stands; the first row is its legend.
    pub area: Rect,
    /// The unit of its values.
    pub unit: MetricUnit,
    /// Its height.
    pub scale: Scale,
    /// Its limit, where there is one.
    pub limit: Option<f32>,
    /// Its series.
    pub series: Vec<ShownSeries>,
}

/// One series.
#[derive(Clone, Debug)]
pub struct ShownSeries {
    /// Which.
    pub key: SeriesKey,
    /// Its parts.
    pub bins: Vec<Option<Bin>>,
    /// Its entry in the legend; its slot decides color and mark.
    pub entry: Entry,
}

impl State {
    /// All series of the page, in the order of the charts.
    pub fn metrics_keys(&self) -> Vec<SeriesKey> {
        let page = &self.metrics;
        let of = |metric: &Metric| {
            let metric = metric.clone();
            page.servers
                .iter()
                .map(move |server| SeriesKey { server: server.clone(), metric: metric.clone() })
        };
        page.metrics().iter().flat_map(of).collect()
    }

    /// Where things stand on the page.
    pub fn metrics_layout(&self) -> MetricsLayout {
        layout(&self.metrics, self.metrics.charts().len(), self.size)
    }

    /// The time that the page shows.
    pub fn metrics_window(&self) -> Window {
        Window::of(&self.metrics, self.now, self.metrics_layout().cells())
    }

    /// Everything that the page shows.
    pub fn metrics_shown(&self) -> Shown {
        let layout = self.metrics_layout();
        let window = Window::of(&self.metrics, self.now, layout.cells());
        let cursor = self.metrics.cursor.and_then(|at| window.column(at));
        let all = self.metrics.charts();
        let charts = layout.charts.iter().filter_map(|(n, area)| {
            let of = all.get(*n)?.clone();
            Some(self.metrics_chart(of, *n == self.metrics.focused, *area, window, cursor))
        });
        let charts = charts.collect();
        Shown { charts, events: self.metrics_events(window), cursor, window, layout }
    }

    fn metrics_chart(
        &self,
        of: ChartOf,
        focused: bool,
        area: Rect,
        window: Window,
        cursor: Option<u16>,
    ) -> ShownChart {
        let servers = &self.metrics.servers;
        let unit = of.metrics.first().map_or(MetricUnit::Number, Metric::unit);
        let keys = servers.iter().flat_map(|server| {
            of.metrics.iter().map(|metric| SeriesKey { server: server.clone(), metric: metric.clone() })
        });
        let series: Vec<ShownSeries> = keys
            .enumerate()
            .map(|(slot, key)| {
                let bins = self.bins(&key, window);
                let name = if of.metrics.len() > 1 { direction(&key.metric) } else { key.server.to_string() };
                let entry = self.metrics_entry(slot, name, &key, &bins, cursor);
                ShownSeries { key, bins, entry }
            })
            .collect();
        let limit = of.metrics.iter().find_map(|metric| self.limit(metric));
        let bins = series.iter().flat_map(|series| series.bins.iter().flatten());
        let (least, greatest) = bins
            .fold((0.0_f32, 0.0_f32), |(least, greatest), bin| (least.min(bin.min), greatest.max(bin.max)));
        let whole = of.metrics.first().is_some_and(is_share_of_a_whole);
        let scale = if whole && greatest <= 100.0 { Scale::WHOLE } else { Scale::fit(least, greatest, unit) };
        ShownChart { of, focused, area, unit, scale, limit, series }
    }

    fn metrics_entry(
        &self,
        slot: usize,
        name: String,
        key: &SeriesKey,
        bins: &[Option<Bin>],
        cursor: Option<u16>,
    ) -> Entry {
        let unit = key.metric.unit();
        let live = self.series.last(key);
        let interval = self.interval(key);
        let age = live.map(|(_, at)| at.age(self.now)).filter(|age| *age > interval * STALE_AFTER_INTERVALS);
        let value = match cursor {
            Some(column) => at_column(bins, column).map(|bin| bin.mean),
            None if self.metrics.end.is_some() => bins.iter().rev().flatten().next().map(|bin| bin.mean),
            None => live.map(|(value, _)| value),
        };
        let stale = cursor.is_none() && self.metrics.end.is_none() && age.is_some();
        let shown = bins.iter().flatten();
        let count = shown.clone().count() as f32;
        let stats = shown.copied().reduce(|a, b| Bin {
            min: a.min.min(b.min),
            mean: a.mean + b.mean,
            max: a.max.max(b.max),
        });
        Entry {
            slot,
            name,
            value: value.map_or_else(|| "-".to_owned(), |value| unit.text(value)),
            age: age.filter(|_| stale).map(|age| Age(age).to_string()).unwrap_or_default(),
            stats: stats.map(|sum| [sum.min, sum.mean / count, sum.max].map(|value| unit.text(value))),
            cells: unit.width() as u16,
            stale,
        }
    }

    /// How often a series is read at the latest.
    fn interval(&self, key: &SeriesKey) -> std::time::Duration {
        let live = self.fleet.server(&key.server);
        let cadence = live.map_or_else(Cadence::default, |live| live.cadence);
        let interval = match &key.metric {
            Metric::ContainerCpu(_)
            | Metric::ContainerMemory(_)
            | Metric::ContainerNetworkIn(_)
            | Metric::ContainerNetworkOut(_)
            | Metric::ContainerDiskRead(_)
            | Metric::ContainerDiskWrite(_) => live.map_or(cadence.usage, ServerLive::usage_interval),
            Metric::RequestRate(_)
            | Metric::ErrorRate(_)
            | Metric::P50(_)
            | Metric::P95(_)
            | Metric::P99(_) => cadence.access,
            Metric::Prometheus(_) => cadence.samples,
            // A check says its own; no check is made more rarely than once in ten minutes by default.
            Metric::Latency(check) | Metric::Figure(check, _) => {
                let result = self.fleet.check(check).and_then(|reading| reading.value());
                result.map_or(std::time::Duration::from_secs(600), |result| result.interval)
            }
            _ => live.map_or(std::time::Duration::from_secs(2), |live| live.setup.interval),
        };
        interval * live.map_or(1, ServerLive::stretch)
    }

    /// The limit from which on a metric is a problem, of the first server.
    fn limit(&self, metric: &Metric) -> Option<f32> {
        let first = self.metrics.servers.first()?;
        let own = self.fleet.server(first);
        let limits = own.map_or(self.setup.thresholds, |server| server.setup.thresholds);
        match metric {
            Metric::Cpu => Some(limits.cpu.0),
            Metric::Memory => Some(limits.memory.0),
            Metric::Swap => Some(limits.swap.0),
            Metric::Disk(_) => Some(limits.disk.0),
            Metric::Inodes(_) => Some(limits.inodes.0),
            Metric::ClockOffset => Some(limits.clock_offset.as_secs_f32() * 1000.0),
            Metric::ErrorRate(_) => Some(limits.error_rate.0),
            Metric::P95(_) => Some(limits.p95.as_secs_f32() * 1000.0),
            _ => None,
        }
    }

    /// What happened on the shown servers, live and kept, each once.
    fn metrics_events(&self, window: Window) -> Vec<(u16, EventMark)> {
        let servers = &self.metrics.servers;
        let of_ours = |mark: &&EventMark| servers.contains(&mark.server);
        let live = self.fleet.marks().between(servers, window.from, window.to);
        let mut marks: Vec<&EventMark> = live.collect();
        for kept in self.metrics.past.marks().iter().filter(of_ours) {
            let same = |it: &&EventMark| it.kind == kept.kind && it.text == kept.text && near(it.at, kept.at);
            if !marks.iter().any(same) {
                marks.push(kept);
            }
        }
        marks.sort_by_key(|mark| mark.at);
        marks.into_iter().filter_map(|mark| Some((window.column(mark.at)?, mark.clone()))).collect()
    }
}

/// Whether it is drawn between nothing and the whole.
fn is_share_of_a_whole(metric: &Metric) -> bool {
    matches!(
        metric,
        Metric::Cpu
            | Metric::Memory
            | Metric::Swap
            | Metric::Disk(_)
            | Metric::Inodes(_)
            | Metric::Figure(_, Figure::CacheHits | Figure::MemoryShare)
    )
}

/// Whether two times may be those of one event, seen twice.
fn near(a: Timestamp, b: Timestamp) -> bool {
    a.as_millis().abs_diff(b.as_millis()) <= 15_000
}

impl Shown {
    /// The events by their cell.
    pub fn event_cells(&self) -> Vec<(u16, MarkKind)> {
        self.events.iter().map(|(column, mark)| (*column, mark.kind)).collect()
    }

    /// What happened at the cursor, or nearest beside it within a cell.
    pub fn at_cursor(&self) -> impl Iterator<Item = &EventMark> {
        let cursor = self.cursor;
        self.events
            .iter()
            .filter(move |(column, _)| cursor.is_some_and(|cursor| column.abs_diff(cursor) <= 1))
            .map(|(_, mark)| mark)
    }

    /// Whether anything was read within the window.
    pub fn is_empty(&self) -> bool {
        let mut series = self.charts.iter().flat_map(|chart| &chart.series);
        series.all(|series| series.bins.iter().all(Option::is_none))
    }
}

/// What a series was in one cell.
fn at_column(bins: &[Option<Bin>], column: u16) -> Option<Bin> {
    let first = usize::from(column * BINS);
    let all = bins.get(first..first + usize::from(BINS))?.iter().flatten();
    let count = all.clone().count() as f32;
    let sum = all.copied().reduce(|a, b| Bin {
        min: a.min.min(b.min),
        mean: a.mean + b.mean,
        max: a.max.max(b.max),
    })?;
    Some(Bin { mean: sum.mean / count, ..sum })
}
