//! What a series measures.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::{CheckId, ServerId};

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
    /// Bytes read from all block devices.
    DiskRead,
    /// Bytes written to all block devices.
    DiskWrite,
    /// Bytes received on all interfaces.
    NetworkIn,
    /// Bytes sent on all interfaces.
    NetworkOut,
    /// A container's processor share, by its name.
    ContainerCpu(Arc<str>),
    /// A container's memory, by its name.
    ContainerMemory(Arc<str>),
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
            | Self::ContainerCpu(_)
            | Self::ErrorRate(_) => MetricUnit::Percent,
            Self::ContainerMemory(_) => MetricUnit::Bytes,
            Self::DiskRead | Self::DiskWrite | Self::NetworkIn | Self::NetworkOut => {
                MetricUnit::BytesPerSecond
            }
            Self::RequestRate(_) => MetricUnit::PerSecond,
            Self::P50(_) | Self::P95(_) | Self::P99(_) | Self::Latency(_) => MetricUnit::Millis,
            Self::Load1 | Self::Prometheus(_) => MetricUnit::Number,
        }
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
            Self::DiskRead => f.pad("disk read"),
            Self::DiskWrite => f.pad("disk write"),
            Self::NetworkIn => f.pad("net in"),
            Self::NetworkOut => f.pad("net out"),
            Self::ContainerCpu(name) => f.pad(&format!("cpu of {name}")),
            Self::ContainerMemory(name) => f.pad(&format!("memory of {name}")),
            Self::RequestRate(label) => f.pad(&format!("requests {label}")),
            Self::ErrorRate(label) => f.pad(&format!("errors {label}")),
            Self::P50(label) => f.pad(&format!("p50 {label}")),
            Self::P95(label) => f.pad(&format!("p95 {label}")),
            Self::P99(label) => f.pad(&format!("p99 {label}")),
            Self::Latency(check) => f.pad(&format!("latency {check}")),
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
