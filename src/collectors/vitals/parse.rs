//! From a report's text to its counters. Pure and total: any text gives a report, in which what
//! made no sense is missing, and nothing of which is longer than a bound.

use super::mounts::Mounts;
use super::raw::{Device, Interface, Look, Report, ServerClock, Ticks};
use crate::domain::link::ServerFacts;
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::text::{clean, shorten};
use crate::domain::vitals::{MemoryUse, SwapUse};

/// The most disks, devices and interfaces that are kept of a report, each.
pub(super) const MOST: usize = 256;
/// The longest name, mount point or fact, in characters.
const LONGEST: usize = 256;

/// Reads a report, without its end mark.
pub fn report(text: &str) -> Report {
    let mut report = Report::default();
    let mut memory = Memory::default();
    let mut mounts = Mounts::default();
    let mut facts = ServerFacts::default();
    for line in text.lines() {
        if let Some(own) = line.strip_prefix('@') {
            let (key, value) = own.split_once(' ').unwrap_or((own, ""));
            match key {
                "user" => facts.user = word(value),
                "arch" => facts.arch = word(value),
                "cores" => report.cores = value.trim().parse().ok().filter(|cores| *cores > 0),
                "disks" => mounts.asked = true,
                "mount" => mounts.mount(value),
                "fs" => mounts.statfs(value),
                "reboot" => report.reboot_required = reboot(value),
                "now" => report.clock = clock(value),
                _ => {}
            }
        } else if let Some((path, value)) = line.split_once(':').filter(|_| line.starts_with('/')) {
            match path {
                "/proc/sys/kernel/hostname" => facts.hostname = word(value),
                "/proc/sys/kernel/osrelease" => facts.kernel = word(value),
                "/etc/os-release" | "/usr/lib/os-release" => os_name(value, &mut facts.os),
                "/proc/meminfo" => memory.line(value),
                // A line of `df` starts with the device, which may have a colon in it.
                _ if !path.starts_with("/proc/") => mounts.df(line),
                _ => look_line(path, value, &mut report.look),
            }
        } else if mounts.asked {
            mounts.df(line);
        }
    }
    (report.look.memory, report.look.swap) = memory.done();
    report.disks = mounts.done();
    report.facts = (!facts.user.is_empty() || !facts.kernel.is_empty()).then_some(facts);
    report
}

/// A name of a report, harmless and bounded.
pub(super) fn word(text: &str) -> String {
    shorten(&clean(text.trim()), LONGEST).into_owned()
}

/// `PRETTY_NAME` wins over `NAME`, and the first file over the second (os-release(5)).
fn os_name(line: &str, os: &mut String) {
    let Some((key, value)) = line.split_once('=') else { return };
    if os.is_empty() || (key == "PRETTY_NAME" && !os.contains(' ')) {
        *os = word(value.trim().trim_matches(['"', '\'']));
    }
}

/// `needs-restarting -r` says 1 for yes and 0 for no; anything else is an error of its own.
fn reboot(value: &str) -> Option<bool> {
    match value.trim() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Seconds, and nanoseconds where this `date` knows them (BusyBox writes nothing, or `%N`).
fn clock(value: &str) -> Option<ServerClock> {
    let mut parts = value.split(' ');
    let secs: i64 = parts.next()?.parse().ok()?;
    let millis = parts.next().filter(|nanos| nanos.len() == 9).and_then(|nanos| nanos.parse::<i64>().ok());
    Some(ServerClock { millis: secs.checked_mul(1000)?.checked_add(millis.map_or(500, |n| n / 1_000_000))? })
}

fn look_line(path: &str, value: &str, look: &mut Look) {
    match path {
        "/proc/stat" => look.cpu = ticks(value).or(look.cpu),
        "/proc/loadavg" => look.load = floats(value).or(look.load),
        "/proc/uptime" => look.uptime = value.split(' ').next().and_then(hundredths),
        "/proc/vmstat" => look.oom_kills = value.strip_prefix("oom_kill ").and_then(|n| n.parse().ok()),
        "/proc/sys/fs/file-nr" => look.files = file_nr(value),
        "/proc/pressure/cpu" => look.pressure[0] = avg10(value),
        "/proc/pressure/memory" => look.pressure[1] = avg10(value),
        "/proc/pressure/io" => look.pressure[2] = avg10(value),
        "/proc/diskstats" if look.devices.len() < MOST => look.devices.extend(device(value)),
        "/proc/net/dev" if look.interfaces.len() < MOST => look.interfaces.extend(interface(value)),
        _ => {}
    }
}

fn numbers(text: &str) -> impl Iterator<Item = u64> + '_ {
    text.split_ascii_whitespace().map_while(|word| word.parse().ok())
}

fn ticks(line: &str) -> Option<Ticks> {
    let mut fields = numbers(line.strip_prefix("cpu ")?);
    let mut next = || fields.next();
    let (user, nice, system, idle) = (next()?, next()?, next()?, next()?);
    let mut rest = || next().unwrap_or(0);
    let (iowait, irq, softirq, steal) = (rest(), rest(), rest(), rest());
    let busy = [nice, system, irq, softirq].into_iter().fold(user, u64::saturating_add);
    Some(Ticks { busy, idle, iowait, steal })
}

fn floats(line: &str) -> Option<[f32; 3]> {
    let mut fields = line.split(' ').map_while(|word| word.parse::<f32>().ok().filter(|n| n.is_finite()));
    Some([fields.next()?, fields.next()?, fields.next()?])
}

/// `1264.62` as 126462.
fn hundredths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.')?;
    let part = if part.len() == 2 { part.parse::<u64>().ok()? } else { 0 };
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)
}

/// Allocated, free among them, the limit (proc(5), `file-nr`).
fn file_nr(line: &str) -> Option<(u64, u64)> {
    let mut fields = numbers(line);
    let (allocated, free, most) = (fields.next()?, fields.next()?, fields.next()?);
    Some((allocated.saturating_sub(free), most))
}

fn avg10(line: &str) -> Option<Percent> {
    let share = line.strip_prefix("some avg10=")?.split(' ').next()?.parse::<f32>().ok()?;
    (0.0..=100.0).contains(&share).then_some(Percent(share))
}

fn device(line: &str) -> Option<Device> {
    let mut words = line.split_ascii_whitespace().skip(2);
    let name = word(words.next()?);
    let fields: Vec<u64> = words.map_while(|word| word.parse().ok()).take(10).collect();
    let field = |n: usize| fields.get(n).copied();
    Some(Device { name, read: field(2)?, written: field(6)?, busy: field(9)? })
}

fn interface(line: &str) -> Option<Interface> {
    let (name, counters) = line.rsplit_once(':')?;
    let fields: Vec<u64> = numbers(counters).take(16).collect();
    let field = |n: usize| fields.get(n).copied();
    let errors = [2, 3, 10, 11].into_iter().filter_map(field).fold(0, u64::saturating_add);
    Some(Interface { name: word(name), received: field(0)?, sent: field(8)?, errors })
}

/// `/proc/meminfo`, in bytes.
#[derive(Default)]
struct Memory {
    total: Option<u64>,
    available: Option<u64>,
    /// Free memory, buffers and page cache: what kernels before 3.14 have for `MemAvailable`.
    reclaimable: u64,
    swap_total: u64,
    swap_free: u64,
}

impl Memory {
    fn line(&mut self, line: &str) {
        let Some((key, value)) = line.split_once(':') else { return };
        let Some(bytes) = numbers(value).next().and_then(|kib| kib.checked_mul(1024)) else { return };
        match key {
            "MemTotal" => self.total = Some(bytes),
            "MemAvailable" => self.available = Some(bytes),
            "MemFree" | "Buffers" | "Cached" => self.reclaimable = self.reclaimable.saturating_add(bytes),
            "SwapTotal" => self.swap_total = bytes,
            "SwapFree" => self.swap_free = bytes,
            _ => {}
        }
    }

    fn done(self) -> (Option<MemoryUse>, Option<SwapUse>) {
        let memory = self.total.map(|total| MemoryUse {
            total: Bytes(total),
            available: Bytes(self.available.unwrap_or(self.reclaimable).min(total)),
        });
        let swap = (self.swap_total > 0).then(|| SwapUse {
            total: Bytes(self.swap_total),
            used: Bytes(self.swap_total.saturating_sub(self.swap_free)),
        });
        (memory, swap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEBIAN: &str = include_str!("testdata/debian.txt");
    const BUSYBOX: &str = include_str!("testdata/busybox.txt");

    #[test]
    fn a_report_of_debian_is_read_whole() {
        let report = report(DEBIAN);
        let facts = report.facts.unwrap();
        assert_eq!(
            (facts.user.as_str(), facts.hostname.as_str(), facts.os.as_str(), facts.arch.as_str()),
            ("ops", "web-1", "Debian GNU/Linux 13 (trixie)", "x86_64")
        );
        assert_eq!(report.cores, Some(2));
        assert_eq!(report.reboot_required, Some(false));
        assert_eq!(report.clock, Some(ServerClock { millis: 1_795_216_932_142 }));
        let look = report.look;
        assert_eq!(look.uptime, Some(133_990));
        assert_eq!(
            look.cpu,
            Some(Ticks { busy: 99_342 + 29_152 + 375, idle: 135_319, iowait: 1237, steal: 425 })
        );
        assert_eq!(look.load, Some([0.5, 1.48, 1.15]));
        assert_eq!(look.memory.unwrap().total, Bytes(24_684_100 * 1024));
        assert_eq!(look.swap.unwrap().used, Bytes(1024 * 1024));
        assert_eq!(look.pressure, [Some(Percent(4.6)), Some(Percent(0.0)), Some(Percent(0.25))]);
        assert_eq!(look.files, Some((1816, 9_223_372_036_854_775_807)));
        assert_eq!(look.oom_kills, Some(3));
        assert_eq!(look.devices.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(), ["vda", "vda1"]);
        assert_eq!(look.devices[0].read, 8_651_610);
        assert_eq!(look.interfaces.len(), 3);
        assert_eq!((look.interfaces[1].received, look.interfaces[1].errors), (1_077_015_337, 6));
    }

    #[test]
    fn a_device_that_is_mounted_twice_is_one_disk() {
        let disks = report(DEBIAN).disks.unwrap();
        assert_eq!(disks.iter().map(|disk| disk.mount.as_str()).collect::<Vec<_>>(), ["/", "/srv/my data"]);
        assert_eq!(disks[0].used, Bytes((66_053_021 - 60_188_010) * 4096));
        assert_eq!(disks[1].inodes_used, Some(Percent(50.0)));
    }

    #[test]
    fn busybox_tells_less_and_it_is_missing_rather_than_zero() {
        let report = report(BUSYBOX);
        let disks = report.disks.unwrap();
        assert_eq!((disks[0].mount.as_str(), disks[0].inodes_used), ("/", None));
        assert_eq!(disks[0].total, Bytes(10_240 * 1024));
        assert_eq!(report.look.pressure, [None; 3]);
        assert_eq!(report.look.swap, None);
        assert_eq!(report.reboot_required, None);
        assert_eq!(report.clock, Some(ServerClock { millis: 1_795_216_932_500 }));
        assert_eq!(report.look.memory.unwrap().available, Bytes((100 + 20 + 30) * 1024));
    }

    #[test]
    fn disks_that_could_not_be_read_are_unknown() {
        assert_eq!(report("@disks\n@mount /dev/vda ext4 /\n").disks, None);
        assert_eq!(report("@disks\n").disks, Some(Vec::new()));
        assert_eq!(report("/proc/uptime:1.00 1.00\n").disks, None);
    }

    proptest! {
        #[test]
        fn garbage_gives_a_bounded_report(text in "(?s).{0,400}") {
            let report = report(&text);
            prop_assert!(report.look.devices.len() <= MOST);
        }

        #[test]
        fn a_report_with_bytes_changed_is_still_read(at in 0..DEBIAN.len(), with in "\\PC{0,3}") {
            let at = (at..=DEBIAN.len()).find(|at| DEBIAN.is_char_boundary(*at)).unwrap_or(0);
            let text = format!("{}{with}{}", &DEBIAN[..at], DEBIAN.get(at + 1..).unwrap_or_default());
            let report = report(&text);
            let names = report.look.interfaces.iter().map(|net| &net.name);
            let longest = names.chain(report.disks.iter().flatten().map(|disk| &disk.mount)).map(|n| n.chars().count()).max();
            prop_assert!(longest.unwrap_or(0) <= LONGEST);
        }

        #[test]
        fn numbers_too_large_do_not_overflow(n in any::<u64>(), m in any::<u64>()) {
            let text = format!(
                "@disks\n@mount /dev/a ext4 /\n@fs {n} {m} {n} {m} {n} {m} /\n@now {n} {m}\n/proc/meminfo:MemTotal: {n} kB\n\
                 /proc/stat:cpu {n} {m} {n} {m} {n} {m} {n} {m}\n/proc/uptime:{n}.00 1\n"
            );
            let _ = report(&text);
        }
    }
}
