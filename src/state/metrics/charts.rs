//! Which series stand in which chart.

use super::MetricsPage;
use crate::domain::metric::Metric;

/// One chart: metrics of the same unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartOf {
    /// Its name.
    pub title: String,
    /// Its metrics.
    pub metrics: Vec<Metric>,
}

/// Metrics that are two directions of one thing, and what that is called.
const PAIRS: [(Metric, Metric, &str); 2] =
    [(Metric::DiskRead, Metric::DiskWrite, "disk I/O"), (Metric::NetworkIn, Metric::NetworkOut, "network")];

/// What is shown of a server where nothing was picked.
pub const USUAL: [Metric; 6] =
    [Metric::Cpu, Metric::Memory, Metric::DiskRead, Metric::DiskWrite, Metric::NetworkIn, Metric::NetworkOut];

impl MetricsPage {
    /// The metrics that are shown, in order.
    pub fn metrics(&self) -> &[Metric] {
        if self.metrics.is_empty() { &USUAL } else { &self.metrics }
    }

    /// All charts in order. Two directions of one thing share a chart, unless several servers do:
    /// then each metric has its own, so that a color is a server.
    pub fn charts(&self) -> Vec<ChartOf> {
        let metrics = self.metrics();
        let mut charts = Vec::new();
        for metric in metrics {
            let pair = PAIRS.iter().find(|(one, other, _)| metric == one || metric == other);
            match pair {
                Some((one, other, title))
                    if self.servers.len() <= 1 && metrics.contains(one) && metrics.contains(other) =>
                {
                    if charts.iter().all(|chart: &ChartOf| chart.title != *title) {
                        let metrics = vec![one.clone(), other.clone()];
                        charts.push(ChartOf { title: (*title).to_owned(), metrics });
                    }
                }
                _ => charts.push(ChartOf { title: metric.to_string(), metrics: vec![metric.clone()] }),
            }
        }
        charts
    }
}

/// What a metric is called within a chart that has two.
pub fn direction(metric: &Metric) -> String {
    match metric {
        Metric::DiskRead => "read".to_owned(),
        Metric::DiskWrite => "write".to_owned(),
        Metric::NetworkIn => "in".to_owned(),
        Metric::NetworkOut => "out".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(servers: &[&str]) -> Vec<String> {
        let servers = servers.iter().map(|name| (*name).into()).collect();
        let page = MetricsPage { servers, ..MetricsPage::default() };
        page.charts().into_iter().map(|chart| chart.title).collect()
    }

    #[test]
    fn two_directions_share_a_chart_until_servers_do() {
        assert_eq!(titles(&["a"]), ["cpu", "memory", "disk I/O", "network"]);
        assert_eq!(titles(&["a", "b"]), ["cpu", "memory", "disk read", "disk write", "net in", "net out"]);
    }
}
