//! The lines of what is charted at the time of the cursor.

use std::time::Duration;

use crate::domain::log_source::{LogSource, LogStream};
use crate::domain::metric::Metric;
use crate::domain::time::Timestamp;
use crate::message::effect::Effect;
use crate::state::State;
use crate::state::logs::open;

/// How much before and after the cursor's cell is shown: what is read on a chart began earlier, and
/// the clocks of servers differ.
const AROUND: Duration = Duration::from_secs(30);

/// Opens the logs page on what the chart with the keys is about: stopped at the cursor's time, with
/// the lines around it and no others; without a cursor at the beginning of what is shown; and only
/// where the charts follow the present without a cursor, following.
pub fn open_at_cursor(state: &mut State) -> Vec<Effect> {
    let sources = charted(state);
    open::forget_stretch(&mut state.logs_page);
    let mut effects = match time(state) {
        Some((at, stretch)) => open::open_at(state, sources, at, stretch),
        None => open::open(state, sources),
    };
    effects.push(state.watch());
    effects
}

/// The time that is looked at, and the stretch around it.
fn time(state: &State) -> Option<(Timestamp, (Timestamp, Timestamp))> {
    let window = state.metrics_window();
    if let Some(column) = state.metrics.cursor.and_then(|at| window.column(at)) {
        let middle = window.middle(column);
        return Some((middle, (middle - window.part() - AROUND, middle + window.part() + AROUND)));
    }
    state.metrics.end.map(|_| (window.from, (window.from, window.to)))
}

/// The streams of the containers or of the access log that the chart with the keys is about; of any
/// other one those of its servers, the journal and all containers.
fn charted(state: &State) -> Vec<LogSource> {
    let charts = state.metrics.charts();
    let metrics = charts.get(state.metrics.focused).map(|chart| chart.metrics.as_slice()).unwrap_or_default();
    let own: Vec<LogSource> = metrics.iter().flat_map(|metric| of_metric(state, metric)).collect();
    if own.is_empty() {
        return state.metrics.servers.iter().flat_map(|server| state.server_sources(server)).collect();
    }
    own
}

fn of_metric(state: &State, metric: &Metric) -> Vec<LogSource> {
    let servers = state.metrics.servers.iter();
    let known = servers.filter_map(|id| state.fleet.server(id));
    match metric {
        Metric::ContainerCpu(name)
        | Metric::ContainerMemory(name)
        | Metric::ContainerNetworkIn(name)
        | Metric::ContainerNetworkOut(name)
        | Metric::ContainerDiskRead(name)
        | Metric::ContainerDiskWrite(name) => known
            .filter(|server| server.known_containers().iter().any(|it| it.name == **name))
            .map(|server| LogSource {
                server: server.id().clone(),
                stream: LogStream::Container { name: name.to_string() },
            })
            .collect(),
        Metric::RequestRate(label)
        | Metric::ErrorRate(label)
        | Metric::P50(label)
        | Metric::P95(label)
        | Metric::P99(label) => known
            .flat_map(|server| server.setup.log_files.iter().map(move |file| (server.id(), file)))
            .filter(|(_, (of, _))| *of == **label)
            .map(|(server, (_, path))| LogSource {
                server: server.clone(),
                stream: LogStream::File { path: path.clone() },
            })
            .collect(),
        _ => Vec::new(),
    }
}
