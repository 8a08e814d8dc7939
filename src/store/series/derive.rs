//! The values that follow from one observation, each with what it measures.

use std::sync::Arc;

use crate::domain::access::AccessStats;
use crate::domain::check::CheckResult;
use crate::domain::container::ContainerUsage;
use crate::domain::metric::Metric;
use crate::domain::quantity::Bytes;
use crate::domain::vitals::{SwapUse, Vitals};

/// The series of a look at a machine. What the kernel does not tell has none.
pub fn of_vitals(vitals: &Vitals) -> Vec<(Metric, f64)> {
    let mut out = vec![(Metric::Load1, f64::from(vitals.load[0]))];
    let mut push = |metric, value: Option<f64>| out.extend(value.map(|value| (metric, value)));
    push(Metric::Cpu, vitals.cpu.map(|cpu| cpu.busy.0.into()));
    push(Metric::IoWait, vitals.cpu.map(|cpu| cpu.iowait.0.into()));
    push(Metric::Steal, vitals.cpu.map(|cpu| cpu.steal.0.into()));
    push(Metric::Memory, vitals.memory.used().map(|used| used.0.into()));
    push(Metric::Swap, vitals.swap.as_ref().and_then(SwapUse::share).map(|used| used.0.into()));
    push(Metric::CpuPressure, vitals.pressure.map(|pressure| pressure.cpu.0.into()));
    push(Metric::MemoryPressure, vitals.pressure.map(|pressure| pressure.memory.0.into()));
    push(Metric::IoPressure, vitals.pressure.map(|pressure| pressure.io.0.into()));
    for disk in &vitals.disks {
        push(Metric::Disk(Arc::from(disk.mount.as_str())), disk.share().map(|used| used.0.into()));
    }
    let sum = |all: &mut dyn Iterator<Item = Bytes>| all.map(|bytes| bytes.0).reduce(u64::saturating_add);
    let rate = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    push(Metric::DiskRead, rate(sum(&mut vitals.disk_io.iter().map(|io| io.read))));
    push(Metric::DiskWrite, rate(sum(&mut vitals.disk_io.iter().map(|io| io.written))));
    push(Metric::NetworkIn, rate(sum(&mut vitals.networks.iter().map(|net| net.received))));
    push(Metric::NetworkOut, rate(sum(&mut vitals.networks.iter().map(|net| net.sent))));
    out
}

/// The series of what a container uses.
pub fn of_usage(name: &str, usage: &ContainerUsage) -> [(Metric, f64); 2] {
    let name: Arc<str> = name.into();
    [
        (Metric::ContainerCpu(name.clone()), usage.cpu.0.into()),
        (Metric::ContainerMemory(name), usage.memory.0 as f64),
    ]
}

/// The series of an access log.
pub fn of_access(stats: &AccessStats) -> Vec<(Metric, f64)> {
    let label: Arc<str> = stats.label.as_str().into();
    let millis = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
    let values = [
        (Metric::RequestRate(label.clone()), Some(stats.rate)),
        (Metric::ErrorRate(label.clone()), stats.errors.map(|share| share.0.into())),
        (Metric::P50(label.clone()), millis(stats.p50)),
        (Metric::P95(label.clone()), millis(stats.p95)),
        (Metric::P99(label), millis(stats.p99)),
    ];
    values.into_iter().filter_map(|(metric, value)| Some((metric, value?))).collect()
}

/// The series of a check: how long it took, where it got an answer.
pub fn of_check(result: &CheckResult) -> Option<(Metric, f64)> {
    Some((Metric::Latency(result.check.clone()), result.latency?.as_secs_f64() * 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Percent;
    use crate::domain::vitals::{CpuUse, NetworkUse};

    #[test]
    fn what_is_not_told_has_no_series() {
        let bare = of_vitals(&Vitals::default());
        assert_eq!(bare, [(Metric::Load1, 0.0)]);
        let network = |received| NetworkUse { received: Bytes(received), ..NetworkUse::default() };
        let vitals = Vitals {
            cpu: Some(CpuUse { busy: Percent(50.0), ..CpuUse::default() }),
            networks: vec![network(1), network(2)],
            ..Vitals::default()
        };
        let all = of_vitals(&vitals);
        assert!(all.contains(&(Metric::Cpu, 50.0)) && all.contains(&(Metric::NetworkIn, 3.0)));
        assert!(!all.iter().any(|(metric, _)| *metric == Metric::DiskRead));
    }
}
