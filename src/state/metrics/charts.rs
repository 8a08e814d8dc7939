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

/// For metrics that belong together, two directions of one thing or several measures of it: what that is
/// called, and what each is called within it.
fn family(metric: &Metric) -> Option<(String, &'static str)> {
    Some(match metric {
        Metric::DiskRead => ("disk I/O".to_owned(), "read"),
        Metric::DiskWrite => ("disk I/O".to_owned(), "write"),
        Metric::NetworkIn => ("network".to_owned(), "in"),
        Metric::NetworkOut => ("network".to_owned(), "out"),
        Metric::ContainerDiskRead(name) => (format!("disk I/O of {name}"), "read"),
        Metric::ContainerDiskWrite(name) => (format!("disk I/O of {name}"), "write"),
        Metric::ContainerNetworkIn(name) => (format!("network of {name}"), "in"),
        Metric::ContainerNetworkOut(name) => (format!("network of {name}"), "out"),
        Metric::P50(label) => (format!("time to answer {label}"), "p50"),
        Metric::P95(label) => (format!("time to answer {label}"), "p95"),
        Metric::P99(label) => (format!("time to answer {label}"), "p99"),
        _ => return None,
    })
}

/// What is shown of a server where nothing was picked.
pub const USUAL: [Metric; 6] =
    [Metric::Cpu, Metric::Memory, Metric::DiskRead, Metric::DiskWrite, Metric::NetworkIn, Metric::NetworkOut];

impl MetricsPage {
    /// The metrics that are shown, in order.
    pub fn metrics(&self) -> &[Metric] {
        if self.metrics.is_empty() { &USUAL } else { &self.metrics }
    }

    /// All charts in order. Metrics that belong together share a chart, unless several servers do: then
    /// each metric has its own, so that a color is a server.
    pub fn charts(&self) -> Vec<ChartOf> {
        let mut charts: Vec<(Option<String>, ChartOf)> = Vec::new();
        for metric in self.metrics() {
            let title = family(metric).map(|(title, _)| title).filter(|_| self.servers.len() <= 1);
            let held = charts.iter_mut().find(|(held, _)| held.is_some() && *held == title);
            match (held, title) {
                (Some((_, chart)), Some(title)) => {
                    chart.title = title;
                    chart.metrics.push(metric.clone());
                }
                (_, title) => {
                    charts
                        .push((title, ChartOf { title: metric.to_string(), metrics: vec![metric.clone()] }));
                }
            }
        }
        let mut charts: Vec<ChartOf> = charts.into_iter().map(|(_, chart)| chart).collect();
        // Within a chart in their own order, in whichever they were picked: colors stay with their meaning.
        for chart in &mut charts {
            chart.metrics.sort();
        }
        charts
    }
}

/// What a metric is called within a chart that has several.
pub fn direction(metric: &Metric) -> String {
    family(metric).map_or_else(|| metric.to_string(), |(_, name)| name.to_owned())
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
    fn what_belongs_together_shares_a_chart_and_nothing_else_does() {
        let (one, other) = (|| "a".into(), || "b".into());
        let page = MetricsPage {
            servers: vec!["s".into()],
            metrics: vec![
                Metric::P99(one()),
                Metric::P50(one()),
                Metric::P50(other()),
                Metric::ContainerNetworkOut(one()),
                Metric::ContainerNetworkIn(one()),
                Metric::ContainerDiskRead(one()),
            ],
            ..MetricsPage::default()
        };
        let charts = page.charts();
        let titles: Vec<&str> = charts.iter().map(|chart| chart.title.as_str()).collect();
        assert_eq!(titles, ["time to answer a", "p50 b", "network of a", "disk read of a"]);
        let names: Vec<String> = charts.iter().flat_map(|it| &it.metrics).map(direction).collect();
        assert_eq!(names, ["p50", "p99", "p50", "in", "out", "read"]);
    }

    #[test]
    fn two_directions_share_a_chart_until_servers_do() {
        assert_eq!(titles(&["a"]), ["cpu", "memory", "disk I/O", "network"]);
        assert_eq!(titles(&["a", "b"]), ["cpu", "memory", "disk read", "disk write", "net in", "net out"]);
    }
}
