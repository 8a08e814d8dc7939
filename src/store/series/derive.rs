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
    push(Metric::OpenFiles, vitals.files.map(|(open, _)| open as f64));
    push(Metric::ClockOffset, vitals.clock_offset_ms.map(|offset| offset as f64));
    push(Metric::OomKills, vitals.oom_kills.map(|kills| kills as f64));
    for disk in &vitals.disks {
        let mount: Arc<str> = disk.mount.as_str().into();
        push(Metric::Inodes(mount.clone()), disk.inodes_used.map(|used| used.0.into()));
        push(Metric::Disk(mount), disk.share().map(|used| used.0.into()));
    }
    let sum = |all: &mut dyn Iterator<Item = Bytes>| all.map(|bytes| bytes.0).reduce(u64::saturating_add);
    let rate = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    push(Metric::DiskRead, rate(sum(&mut vitals.disk_io.iter().map(|io| io.read))));
    push(Metric::DiskWrite, rate(sum(&mut vitals.disk_io.iter().map(|io| io.written))));
    push(Metric::NetworkIn, rate(sum(&mut vitals.networks.iter().map(|net| net.received))));
    push(Metric::NetworkOut, rate(sum(&mut vitals.networks.iter().map(|net| net.sent))));
    out
}

/// The series of what a container uses; of traffic that is not counted there is none.
pub fn of_usage(name: &str, usage: &ContainerUsage) -> impl Iterator<Item = (Metric, f64)> + use<> {
    let name: Arc<str> = name.into();
    let rate = |bytes: Option<Bytes>| bytes.map(|bytes| bytes.0 as f64);
    let values = [
        (Metric::ContainerCpu(name.clone()), Some(usage.cpu.0.into())),
        (Metric::ContainerMemory(name.clone()), Some(usage.memory.0 as f64)),
        (Metric::ContainerNetworkIn(name.clone()), rate(usage.received)),
        (Metric::ContainerNetworkOut(name.clone()), rate(usage.sent)),
        (Metric::ContainerDiskRead(name.clone()), rate(usage.read)),
        (Metric::ContainerDiskWrite(name), rate(usage.written)),
    ];
    values.into_iter().filter_map(|(metric, value)| Some((metric, value?)))
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

/// The series of a check: how long it took, where it got an answer, and what it read of a datastore.
pub fn of_check(result: &CheckResult) -> impl Iterator<Item = (Metric, f64)> {
    let latency = result.latency.map(|took| took.as_secs_f64() * 1000.0);
    let latency = latency.map(|millis| (Metric::Latency(result.check.clone()), millis));
    let figures = result.figures.iter();
    let figures = figures.map(|(figure, value)| (Metric::Figure(result.check.clone(), *figure), *value));
    latency.into_iter().chain(figures)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quantity::Percent;
    use crate::domain::vitals::{CpuUse, DiskUse, NetworkUse};

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
        let disk =
            |mount: &str, inodes_used| DiskUse { mount: mount.into(), inodes_used, ..DiskUse::default() };
        let vitals = Vitals {
            disks: vec![disk("/", Some(Percent(7.0))), disk("/boot/efi", None)],
            files: Some((2300, u64::MAX)),
            clock_offset_ms: Some(-600_000),
            oom_kills: Some(0),
            ..Vitals::default()
        };
        let told = [
            (Metric::Load1, 0.0),
            (Metric::OpenFiles, 2300.0),
            (Metric::ClockOffset, -600_000.0),
            (Metric::OomKills, 0.0),
            (Metric::Inodes("/".into()), 7.0),
        ];
        assert_eq!(of_vitals(&vitals), told);
    }
}
