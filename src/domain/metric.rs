//! What a series measures.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::ids::{CheckId, ServerId};
use super::quantity::Bytes;

/// The unit of a series' values: it decides how an axis is labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MetricUnit {
    /// Hundredths.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Events a second.
    PerSecond,
    /// Milliseconds.
    Millis,
    /// A bare number.
    Number,
}

impl MetricUnit {
    /// A value with its unit in at most [`Self::width`] cells: `42%`, `1.5M/s`, `250ms`.
    pub fn text(self, value: f32) -> String {
        let value = f64::from(value);
        match self {
            Self::Percent if value > 0.0 && value < 0.1 => "<0.1%".to_owned(),
            Self::Percent if value > 0.0 && value < 9.95 => format!("{value:.1}%"),
            Self::Percent => format!("{}%", value.round()),
            Self::Bytes => Bytes(value.max(0.0) as u64).to_string(),
            Self::BytesPerSecond => format!("{}/s", Bytes(value.max(0.0) as u64)),
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Millis => time(value),
            Self::Number => short(value),
        }
    }

    /// The cells that its values take at most (percents up to 99,999, times up to 270 years).
    pub const fn width(self) -> usize {
        match self {
            Self::Percent | Self::Number => 6,
            Self::Bytes => 5,
            Self::BytesPerSecond | Self::Millis => 7,
            Self::PerSecond => 8,
        }
    }
}

/// Milliseconds in at most seven cells, in the unit that suits them. A clock may be behind.
fn time(millis: f64) -> String {
    let size = millis.abs();
    let (value, unit) = match size {
        _ if size >= 99.5 * 3_600_000.0 => (millis / 86_400_000.0, "d"),
        _ if size >= 99.5 * 60_000.0 => (millis / 3_600_000.0, "h"),
        _ if size >= 59_950.0 => (millis / 60_000.0, "min"),
        _ if size >= 999.5 => (millis / 1000.0, "s"),
        _ => (millis, "ms"),
    };
    let exact = value.abs() < 9.95 || unit == "s" || unit == "h";
    if size > 0.0 && exact { format!("{value:.1}{unit}") } else { format!("{:.0}{unit}", value + 0.0) }
}

/// A bare number in at most six cells, in thousands where it is large.
fn short(value: f64) -> String {
    let size = value.abs();
    let (value, unit) = match size {
        _ if size >= 999.5e9 => (value / 1e12, "T"),
        _ if size >= 999.5e6 => (value / 1e9, "G"),
        _ if size >= 999.5e3 => (value / 1e6, "M"),
        _ if size >= 9_999.5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        size if size == 0.0 || size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    // A trace is no zero, but what rounds to nothing has no sign either.
    let text = if text == "-0" { "0" } else { text };
    format!("{text}{unit}")
}

/// One thing that is measured over time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Busy share of all processors.
    Cpu,
    /// Share waiting for I/O.
    IoWait,
    /// Share stolen by the hypervisor.
    Steal,
    /// Load average over one minute.
    Load1,
    /// Used memory.
    Memory,
    /// Used swap.
    Swap,
    /// Processor pressure.
    CpuPressure,
    /// Memory pressure.
    MemoryPressure,
    /// I/O pressure.
    IoPressure,
    /// Used share of the file system mounted here.
    Disk(Arc<str>),
    /// Used share of that file system's inodes.
    Inodes(Arc<str>),
    /// Bytes read from all block devices.
    DiskRead,
    /// Bytes written to all block devices.
    DiskWrite,
    /// Bytes received on all interfaces.
    NetworkIn,
    /// Bytes sent on all interfaces.
    NetworkOut,
    /// Open file descriptors.
    OpenFiles,
    /// The server's clock less the console's.
    ClockOffset,
    /// Processes that the kernel killed for memory since boot.
    OomKills,
    /// A container's processor share, by its name.
    ContainerCpu(Arc<str>),
    /// A container's memory, by its name.
    ContainerMemory(Arc<str>),
    /// Bytes that a container receives, by its name.
    ContainerNetworkIn(Arc<str>),
    /// Bytes that it sends.
    ContainerNetworkOut(Arc<str>),
    /// Bytes that it reads from block devices.
    ContainerDiskRead(Arc<str>),
    /// Bytes that it writes to block devices.
    ContainerDiskWrite(Arc<str>),
    /// Requests a second in an access log, by its label.
    RequestRate(Arc<str>),
    /// Share of requests answered with 5xx, by its label.
    ErrorRate(Arc<str>),
    /// Median time to answer.
    P50(Arc<str>),
    /// 95th percentile.
    P95(Arc<str>),
    /// 99th percentile.
    P99(Arc<str>),
    /// Time that a check took.
    Latency(CheckId),
    /// What a check reads of a datastore.
    Figure(CheckId, Figure),
    /// A series from Prometheus, by its label.
    Prometheus(Arc<str>),
}

impl Metric {
    /// The unit of its values.
    pub const fn unit(&self) -> MetricUnit {
        match self {
            Self::Cpu
            | Self::IoWait
            | Self::Steal
            | Self::Memory
            | Self::Swap
            | Self::CpuPressure
            | Self::MemoryPressure
            | Self::IoPressure
            | Self::Disk(_)
            | Self::Inodes(_)
            | Self::ContainerCpu(_)
            | Self::ErrorRate(_) => MetricUnit::Percent,
            Self::ContainerMemory(_) => MetricUnit::Bytes,
            Self::DiskRead
            | Self::DiskWrite
            | Self::NetworkIn
            | Self::NetworkOut
            | Self::ContainerNetworkIn(_)
            | Self::ContainerNetworkOut(_)
            | Self::ContainerDiskRead(_)
            | Self::ContainerDiskWrite(_) => MetricUnit::BytesPerSecond,
            Self::RequestRate(_) => MetricUnit::PerSecond,
            Self::P50(_) | Self::P95(_) | Self::P99(_) | Self::Latency(_) | Self::ClockOffset => {
                MetricUnit::Millis
            }
            Self::Load1 | Self::OpenFiles | Self::OomKills | Self::Prometheus(_) => MetricUnit::Number,
            Self::Figure(_, figure) => figure.unit(),
        }
    }
}

impl Metric {
    /// Whether it is of a container's network or block devices: what has to give way first where there is
    /// not room for everything.
    pub const fn is_traffic_of_container(&self) -> bool {
        matches!(
            self,
            Self::ContainerNetworkIn(_)
                | Self::ContainerNetworkOut(_)
                | Self::ContainerDiskRead(_)
                | Self::ContainerDiskWrite(_)
        )
    }
}

impl fmt::Display for Metric {
    /// The name on the screen, in the palette and in the database: `cpu`, `disk /var`, `p95 caddy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.pad("cpu"),
            Self::IoWait => f.pad("iowait"),
            Self::Steal => f.pad("steal"),
            Self::Load1 => f.pad("load1"),
            Self::Memory => f.pad("memory"),
            Self::Swap => f.pad("swap"),
            Self::CpuPressure => f.pad("cpu pressure"),
            Self::MemoryPressure => f.pad("memory pressure"),
            Self::IoPressure => f.pad("io pressure"),
            Self::Disk(mount) => f.pad(&format!("disk {mount}")),
            Self::Inodes(mount) => f.pad(&format!("inodes {mount}")),
            Self::DiskRead => f.pad("disk read"),
            Self::DiskWrite => f.pad("disk write"),
            Self::NetworkIn => f.pad("net in"),
            Self::NetworkOut => f.pad("net out"),
            Self::OpenFiles => f.pad("open files"),
            Self::ClockOffset => f.pad("clock offset"),
            Self::OomKills => f.pad("oom kills"),
            Self::ContainerCpu(name) => f.pad(&format!("cpu of {name}")),
            Self::ContainerMemory(name) => f.pad(&format!("memory of {name}")),
            Self::ContainerNetworkIn(name) => f.pad(&format!("net in of {name}")),
            Self::ContainerNetworkOut(name) => f.pad(&format!("net out of {name}")),
            Self::ContainerDiskRead(name) => f.pad(&format!("disk read of {name}")),
            Self::ContainerDiskWrite(name) => f.pad(&format!("disk write of {name}")),
            Self::RequestRate(label) => f.pad(&format!("requests {label}")),
            Self::ErrorRate(label) => f.pad(&format!("errors {label}")),
            Self::P50(label) => f.pad(&format!("p50 {label}")),
            Self::P95(label) => f.pad(&format!("p95 {label}")),
            Self::P99(label) => f.pad(&format!("p99 {label}")),
            Self::Latency(check) => f.pad(&format!("latency {check}")),
            Self::Figure(check, figure) => f.pad(&format!("{figure} {check}")),
            Self::Prometheus(label) => f.pad(label),
        }
    }
}

/// Names one series: what is measured, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// Where; `local` for what is measured from here.
    pub server: ServerId,
    /// What.
    pub metric: Metric,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_carry_their_unit() {
        use MetricUnit::{BytesPerSecond, Millis, Number, PerSecond, Percent};
        let text = |unit: MetricUnit, value| unit.text(value);
        assert_eq!([text(Percent, 0.0), text(Percent, 0.04), text(Percent, 42.4)], ["0%", "<0.1%", "42%"]);
        assert_eq!(
            [text(Millis, 3.2), text(Millis, 250.0), text(Millis, 1250.0)],
            ["3.2ms", "250ms", "1.2s"]
        );
        assert_eq!(
            [text(Millis, -3.2), text(Millis, -600_000.0), text(Millis, 599_999.0), text(Millis, 0.0)],
            ["-3.2ms", "-10min", "10min", "0ms"]
        );
        assert_eq!([text(PerSecond, 0.25), text(PerSecond, 12_345.0)], ["0.25/s", "12.3k/s"]);
        assert_eq!([text(BytesPerSecond, 1536.0), text(Number, -0.001)], ["1.5K/s", "0"]);
    }

    #[test]
    fn a_metric_is_read_back_from_the_name_that_the_database_holds() {
        for metric in [
            Metric::Inodes("/var".into()),
            Metric::OpenFiles,
            Metric::ContainerNetworkIn("shop-web-1".into()),
            Metric::Figure("orders-db".into(), Figure::ReplicationLag),
        ] {
            let name = serde_json::to_string(&metric).unwrap();
            assert_eq!(serde_json::from_str::<Metric>(&name).unwrap(), metric, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_value_is_wider_than_its_unit_says(value in -1.0e12f32..1.0e14, small in 0.0f32..50_000.0) {
            for unit in [MetricUnit::Bytes, MetricUnit::BytesPerSecond, MetricUnit::PerSecond, MetricUnit::Number] {
                prop_assert!(unit.text(value).len() <= unit.width(), "{}", unit.text(value));
            }
            prop_assert!(MetricUnit::Percent.text(small).len() <= MetricUnit::Percent.width());
            for time in [small, value, -small, -value].map(|it| it.clamp(-8.6e12, 8.6e12)) {
                let text = MetricUnit::Millis.text(time);
                prop_assert!(text.len() <= MetricUnit::Millis.width(), "{text}");
            }
        }
    }
}
