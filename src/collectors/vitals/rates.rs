//! From two looks at a machine to its vitals: levels as they are, counters divided by the time
//! between. A counter that went back (a device that came again, a reboot) gives no rate for this
//! once, never a zero and never a leap.

use std::time::Duration;

use super::raw::{Device, Interface, Look, Ticks};
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::vitals::{CpuUse, DiskIo, NetworkUse, Pressure, Vitals};

/// Closer than this, a tick (10 ms) more or less would be a rate of its own.
const CLOSEST: u64 = 5;
/// Bytes in a sector of `/proc/diskstats`.
const SECTOR: u64 = 512;

/// What can be said from `now` and the look before it. What is asked less often (disks, cores,
/// clock, reboot) is left for the caller to fill in.
pub fn vitals(before: Option<&Look>, now: &Look) -> Vitals {
    let before = before.and_then(|before| Some((before, elapsed(before, now)?)));
    Vitals {
        cpu: before.and_then(|(before, _)| cpu(before.cpu?, now.cpu?)),
        load: now.load.unwrap_or_default(),
        memory: now.memory.unwrap_or_default(),
        swap: now.swap,
        pressure: pressure(now.pressure),
        disk_io: before.map(|(before, time)| disk_io(before, now, time)).unwrap_or_default(),
        networks: before.map(|(before, time)| networks(before, now, time)).unwrap_or_default(),
        uptime: Duration::from_millis(now.uptime.unwrap_or(0).saturating_mul(10)),
        files: now.files,
        oom_kills: now.oom_kills,
        ..Vitals::default()
    }
}

/// Hundredths of a second between two looks; `None` where the machine booted in between.
fn elapsed(before: &Look, now: &Look) -> Option<u64> {
    now.uptime?.checked_sub(before.uptime?).filter(|time| *time >= CLOSEST)
}

fn cpu(before: Ticks, now: Ticks) -> Option<CpuUse> {
    let busy = now.busy.checked_sub(before.busy)?;
    // The kernel counts these per processor without a lock, so each may turn back a little.
    let idle = now.idle.saturating_sub(before.idle);
    let iowait = now.iowait.saturating_sub(before.iowait);
    let steal = now.steal.saturating_sub(before.steal);
    let all = [busy, idle, iowait, steal].map(u128::from).iter().sum::<u128>();
    let share = |part: u64| (all > 0).then(|| Percent((part as f64 / all as f64 * 100.0) as f32));
    Some(CpuUse { busy: share(busy)?, iowait: share(iowait)?, steal: share(steal)? })
}

fn pressure([cpu, memory, io]: [Option<Percent>; 3]) -> Option<Pressure> {
    Some(Pressure { cpu: cpu?, memory: memory?, io: io? })
}

fn disk_io(before: &Look, now: &Look, time: u64) -> Vec<DiskIo> {
    let whole = now.devices.iter().filter(|device| !is_part(device, &now.devices) && !is_idle_kind(device));
    whole
        .filter_map(|device| {
            let before = before.devices.iter().find(|before| before.name == device.name)?;
            let busy = forward(before.busy, device.busy)?;
            Some(DiskIo {
                device: device.name.clone(),
                read: rate(forward(before.read, device.read)?.saturating_mul(SECTOR), time),
                written: rate(forward(before.written, device.written)?.saturating_mul(SECTOR), time),
                busy: {
                    let millis = time.saturating_mul(10);
                    Percent::of(busy.min(millis), millis)?
                },
            })
        })
        .collect()
}

/// Whether the device is a partition of another (`vda1` of `vda`, `nvme0n1p2` of `nvme0n1`), whose
/// work is counted there already.
fn is_part(device: &Device, all: &[Device]) -> bool {
    all.iter().any(|whole| {
        device.name.strip_prefix(whole.name.as_str()).is_some_and(|rest| {
            let digits =
                rest.strip_prefix('p').filter(|_| whole.name.ends_with(|c: char| c.is_ascii_digit()));
            let digits =
                digits.unwrap_or(if whole.name.ends_with(|c: char| c.is_ascii_digit()) { "" } else { rest });
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
        })
    })
}

/// Compressed memory and optical drives are no disks, and device-mapper and RAID volumes count
/// again what their disks count.
fn is_idle_kind(device: &Device) -> bool {
    ["zram", "sr", "fd", "dm-", "md"].iter().any(|kind| {
        device.name.strip_prefix(kind).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn networks(before: &Look, now: &Look, time: u64) -> Vec<NetworkUse> {
    now.interfaces
        .iter()
        .filter(|interface| !is_inside(interface))
        .filter_map(|interface| {
            let before = before.interfaces.iter().find(|before| before.name == interface.name)?;
            Some(NetworkUse {
                interface: interface.name.clone(),
                received: rate(forward(before.received, interface.received)?, time),
                sent: rate(forward(before.sent, interface.sent)?, time),
                errors: interface.errors,
            })
        })
        .collect()
}

/// The loopback, and what container engines and hypervisors set up inside the machine: their
/// traffic passes a real interface too, or never leaves.
fn is_inside(interface: &Interface) -> bool {
    let name = interface.name.as_str();
    let network_of_docker = |rest: &str| rest.len() == 12 && rest.bytes().all(|b| b.is_ascii_hexdigit());
    name == "lo"
        || name.strip_prefix("br-").is_some_and(network_of_docker)
        || ["veth", "docker", "podman", "cni", "virbr", "vnet", "cali", "flannel", "ifb", "lxcbr", "lxdbr"]
            .iter()
            .any(|kind| name.starts_with(kind))
}

/// How far a counter went on. Kernels of 32 bits count in 32 bits, and a counter that comes from
/// the upper half of them into the lower one has wrapped.
fn forward(before: u64, now: u64) -> Option<u64> {
    const WRAP: u64 = 1 << 32;
    now.checked_sub(before)
        .or_else(|| ((WRAP / 2..WRAP).contains(&before) && now < WRAP / 2).then(|| now + WRAP - before))
}

fn rate(amount: u64, hundredths: u64) -> Bytes {
    let each_second = u128::from(amount) * 100 / u128::from(hundredths.max(1));
    Bytes(u64::try_from(each_second).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(uptime: u64) -> Look {
        Look { uptime: Some(uptime), ..Look::default() }
    }

    fn disk(name: &str, read: u64) -> Device {
        Device { name: name.to_owned(), read, written: 0, busy: 0 }
    }

    fn net(name: &str, received: u64) -> Interface {
        Interface { name: name.to_owned(), received, sent: 0, errors: 0 }
    }

    #[test]
    fn the_first_look_has_levels_and_no_rates() {
        let now = Look { load: Some([1.0, 2.0, 3.0]), interfaces: vec![net("eth0", 9)], ..look(100) };
        let vitals = vitals(None, &now);
        assert_eq!((vitals.cpu, vitals.load), (None, [1.0, 2.0, 3.0]));
        assert!(vitals.networks.is_empty());
    }

    #[test]
    fn shares_of_processor_time_add_up() {
        let before = Look { cpu: Some(Ticks::default()), ..look(100) };
        let now = Look { cpu: Some(Ticks { busy: 50, idle: 30, iowait: 15, steal: 5 }), ..look(200) };
        let cpu = vitals(Some(&before), &now).cpu.unwrap();
        assert_eq!((cpu.busy, cpu.iowait, cpu.steal), (Percent(50.0), Percent(15.0), Percent(5.0)));
    }

    #[test]
    fn a_partition_is_not_counted_beside_its_disk() {
        let devices = |n| {
            ["vda", "vda1", "nvme0n1", "nvme0n1p1", "mmcblk0", "mmcblk0p2", "dm-0"]
                .map(|name| disk(name, n))
                .to_vec()
        };
        let before = Look { devices: devices(0), ..look(0) };
        let now = Look { devices: devices(2000), ..look(200) };
        let io = vitals(Some(&before), &now).disk_io;
        assert_eq!(io.iter().map(|io| io.device.as_str()).collect::<Vec<_>>(), ["vda", "nvme0n1", "mmcblk0"]);
        assert_eq!(io[0].read, Bytes(1000 * 512));
    }

    #[test]
    fn an_interface_that_came_again_has_no_rate_until_the_next_look() {
        let before = Look { interfaces: vec![net("eth0", 5_000_000_000), net("eth1", 10)], ..look(0) };
        let now = Look { interfaces: vec![net("eth0", 7), net("eth1", 30), net("eth2", 99)], ..look(1000) };
        let networks = vitals(Some(&before), &now).networks;
        assert_eq!(networks.len(), 1);
        assert_eq!((networks[0].interface.as_str(), networks[0].received), ("eth1", Bytes(2)));
    }

    #[test]
    fn a_counter_of_32_bits_wraps() {
        assert_eq!(forward((1 << 32) - 10, 5), Some(15));
        assert_eq!(forward(1000, 5), None);
    }

    #[test]
    fn what_stays_inside_the_machine_is_left_out() {
        for name in ["lo", "docker0", "br-390292f5cac0", "veth12ab", "virbr0"] {
            assert!(is_inside(&net(name, 0)), "{name}");
        }
        for name in ["eth0", "enp1s0", "br-lan", "br0", "wg0", "bond0", "venet0"] {
            assert!(!is_inside(&net(name, 0)), "{name}");
        }
    }

    #[test]
    fn a_reboot_between_two_looks_gives_no_rates() {
        let cpu = |n| Some(Ticks { busy: n, idle: n, ..Ticks::default() });
        let before = Look { cpu: cpu(1000), ..look(9_000_000) };
        assert_eq!(vitals(Some(&before), &Look { cpu: cpu(2000), ..look(500) }).cpu, None);
    }

    proptest! {
        #[test]
        fn no_two_looks_overflow_or_pass_a_hundred(a in any::<[u64; 8]>(), b in any::<[u64; 8]>()) {
            let look = |n: [u64; 8]| Look {
                uptime: Some(n[0]),
                cpu: Some(Ticks { busy: n[1], idle: n[2], iowait: n[3], steal: n[4] }),
                devices: vec![Device { name: "vda".into(), read: n[5], written: n[6], busy: n[7] }],
                interfaces: vec![Interface { name: "eth0".into(), received: n[5], sent: n[6], errors: n[7] }],
                ..Look::default()
            };
            let vitals = vitals(Some(&look(a)), &look(b));
            if let Some(cpu) = vitals.cpu {
                prop_assert!(cpu.busy.0 + cpu.iowait.0 + cpu.steal.0 <= 100.01);
            }
            prop_assert!(vitals.disk_io.iter().all(|io| io.busy.0 <= 100.0));
        }
    }
}
