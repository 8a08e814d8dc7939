//! A `node_exporter` page as series, for machines that have an exporter and no SSH. Its series carry
//! the source's name: whose machine it is, only the name in the configuration says.

use std::collections::BTreeMap;

use super::exposition::{Sample, samples};
use crate::domain::metric::Metric;
use crate::domain::time::Timestamp;

/// The longest page that is read, in bytes.
pub const PAGE: usize = 4 << 20;
/// The most file systems that become series.
const DISKS: usize = 32;

/// Counters of the page before, to take rates from.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    at: Timestamp,
    busy: f64,
    all: f64,
    received: f64,
    sent: f64,
    read: f64,
    written: f64,
}

/// File systems that hold no data of the machine's own, unless they are its root.
const NO_DISKS: &[&str] = &["tmpfs", "ramfs", "overlay", "squashfs", "devtmpfs", "nsfs", "fuse.lxcfs"];

#[derive(Default)]
struct Page {
    counters: Counters,
    load1: Option<f64>,
    memory: [Option<f64>; 2],
    swap: [Option<f64>; 2],
    disks: BTreeMap<String, Disk>,
}

/// The series of a page; `before` takes its counters. The error says that it is no such page.
pub fn read(
    source: &str,
    text: &str,
    now: Timestamp,
    before: &mut Option<Counters>,
) -> Result<Vec<(Metric, f64)>, String> {
    let mut page = Page { counters: Counters { at: now, ..Counters::default() }, ..Page::default() };
    samples(text).for_each(|sample| page.take(&sample));
    if page.memory[0].is_none() && page.load1.is_none() {
        return Err("what answers is not a node exporter".to_owned());
    }
    let mut all = page.gauges();
    if let Some(before) = before.replace(page.counters.clone()) {
        all.extend(rates(&before, &page.counters));
    }
    let named = |name: String| Metric::Prometheus(format!("{source} {name}").into());
    Ok(all
        .into_iter()
        .filter(|(_, value)| value.is_finite())
        .map(|(name, value)| (named(name), value))
        .collect())
}

/// One file system: size, free, and available to an ordinary user.
#[derive(Default)]
struct Disk {
    mount: String,
    bytes: [Option<f64>; 3],
}

impl Page {
    fn take(&mut self, sample: &Sample<'_>) {
        let value = sample.value;
        let counters = &mut self.counters;
        match sample.name {
            "node_cpu_seconds_total" => {
                // Guest time has a metric of its own and is part of user time here.
                counters.all += value;
                if !matches!(sample.label("mode"), "idle" | "iowait") {
                    counters.busy += value;
                }
            }
            "node_load1" => self.load1 = Some(value),
            "node_memory_MemTotal_bytes" => self.memory[0] = Some(value),
            "node_memory_MemAvailable_bytes" => self.memory[1] = Some(value),
            "node_memory_SwapTotal_bytes" => self.swap[0] = Some(value),
            "node_memory_SwapFree_bytes" => self.swap[1] = Some(value),
            "node_network_receive_bytes_total" if sample.label("device") != "lo" => {
                counters.received += value;
            }
            "node_network_transmit_bytes_total" if sample.label("device") != "lo" => counters.sent += value,
            "node_disk_read_bytes_total" => counters.read += value,
            "node_disk_written_bytes_total" => counters.written += value,
            "node_filesystem_size_bytes" => self.disk(sample, 0),
            "node_filesystem_free_bytes" => self.disk(sample, 1),
            "node_filesystem_avail_bytes" => self.disk(sample, 2),
            _ => {}
        }
    }

    /// By its device: what is mounted in several places is one disk, called by the shortest of them.
    fn disk(&mut self, sample: &Sample<'_>, place: usize) {
        let (device, mount) = (sample.label("device"), sample.label("mountpoint"));
        let other = NO_DISKS.contains(&sample.label("fstype")) && mount != "/";
        if other || (!self.disks.contains_key(device) && self.disks.len() >= DISKS) {
            return;
        }
        let disk = self.disks.entry(device.to_owned()).or_default();
        if disk.mount.is_empty() || mount.len() < disk.mount.len() {
            mount.clone_into(&mut disk.mount);
        }
        disk.bytes[place] = Some(sample.value);
    }

    fn gauges(&self) -> Vec<(String, f64)> {
        let mut all = Vec::new();
        let share = |[whole, free]: [Option<f64>; 2]| {
            let (whole, free) = (whole?, free?);
            (whole > 0.0).then(|| (whole - free) / whole * 100.0)
        };
        all.extend(self.load1.map(|load| ("load1".to_owned(), load)));
        all.extend(share(self.memory).map(|share| ("memory %".to_owned(), share)));
        all.extend(share(self.swap).map(|share| ("swap %".to_owned(), share)));
        for Disk { mount, bytes: [size, free, available] } in self.disks.values() {
            // As df says it: of what an ordinary user can have.
            if let (Some(size), Some(free), Some(available)) = (size, free, available) {
                let used = size - free;
                all.push((format!("disk {mount} %"), used / (used + available) * 100.0));
            }
        }
        all
    }
}

/// Rates between two pages; none for counters that went back, as after a restart.
fn rates(before: &Counters, now: &Counters) -> Vec<(String, f64)> {
    let seconds = before.at.age(now.at).as_secs_f64();
    let mut all = Vec::new();
    if now.all > before.all && now.busy >= before.busy {
        all.push(("cpu %".to_owned(), (now.busy - before.busy) / (now.all - before.all) * 100.0));
    }
    for (name, then, now) in [
        ("net in B/s", before.received, now.received),
        ("net out B/s", before.sent, now.sent),
        ("disk read B/s", before.read, now.read),
        ("disk write B/s", before.written, now.written),
    ] {
        if seconds > 0.0 && now >= then {
            all.push((name.to_owned(), (now - then) / seconds));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "node_load1 0.5\nnode_memory_MemTotal_bytes 100\nnode_memory_MemAvailable_bytes 25\n\
        node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} 100\nnode_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 100\n\
        node_network_receive_bytes_total{device=\"lo\"} 999\nnode_network_receive_bytes_total{device=\"eth0\"} 1000\n\
        node_filesystem_size_bytes{device=\"/dev/vda1\",mountpoint=\"/\",fstype=\"ext4\"} 100\nnode_filesystem_free_bytes{device=\"/dev/vda1\",mountpoint=\"/\",fstype=\"ext4\"} 60\n\
        node_filesystem_avail_bytes{device=\"/dev/vda1\",mountpoint=\"/\",fstype=\"ext4\"} 60\nnode_filesystem_size_bytes{device=\"/dev/vda1\",mountpoint=\"/etc/hosts\",fstype=\"ext4\"} 100\n\
        node_filesystem_size_bytes{device=\"tmpfs\",mountpoint=\"/run\",fstype=\"tmpfs\"} 1\n";

    fn get(all: &[(Metric, f64)], name: &str) -> Option<i64> {
        all.iter().find(|(metric, _)| metric.to_string() == name).map(|(_, value)| value.round() as i64)
    }

    #[test]
    fn gauges_at_once_and_rates_from_the_second_page() {
        let mut counters = None;
        let all = read("db", FIRST, Timestamp::from_secs(0), &mut counters).unwrap();
        assert_eq!((get(&all, "db memory %"), get(&all, "db disk / %")), (Some(75), Some(40)));
        assert_eq!(
            (get(&all, "db cpu %"), get(&all, "db disk /run %"), get(&all, "db disk /etc/hosts %")),
            (None, None, None)
        );
        let second = FIRST
            .replace("mode=\"idle\"} 100", "mode=\"idle\"} 103")
            .replace("mode=\"user\"} 100", "mode=\"user\"} 101")
            .replace("eth0\"} 1000", "eth0\"} 3000");
        let all = read("db", &second, Timestamp::from_secs(10), &mut counters).unwrap();
        assert_eq!((get(&all, "db cpu %"), get(&all, "db net in B/s")), (Some(25), Some(200)));
        let all = read("db", FIRST, Timestamp::from_secs(20), &mut counters).unwrap();
        assert_eq!(get(&all, "db cpu %"), None, "a counter that went back gives no rate");
    }

    #[test]
    fn another_page_is_refused() {
        assert!(read("db", "<html>", Timestamp::from_secs(0), &mut None).is_err());
    }
}
