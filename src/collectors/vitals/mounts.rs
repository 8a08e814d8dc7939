//! Disks: the mount table of a report, and what `stat` or `df` tell of each mount. Pure.

use super::parse::{MOST, word};
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::vitals::DiskUse;

/// The file systems of a report, each device once: what is mounted again (bind mounts, subvolumes)
/// has the same free space, and the first mount is the one that an administrator made.
#[derive(Default)]
pub(super) struct Mounts {
    /// Whether they were asked for.
    pub(super) asked: bool,
    /// Mount point and device, in the order in which they were mounted.
    known: Vec<(String, String)>,
    disks: Vec<DiskUse>,
}

impl Mounts {
    /// `device type mount`.
    pub(super) fn mount(&mut self, line: &str) {
        let mut words = line.splitn(3, ' ');
        let (Some(device), Some(_type), Some(mount)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        if self.known.len() >= MOST {
            return;
        }
        // What is mounted over a mount hides it.
        self.known.retain(|(over, _)| over != mount);
        self.known.push((mount.to_owned(), device.to_owned()));
    }

    /// `fragment-size blocks free available inodes inodes-free mount`, as statfs(2) counts them.
    pub(super) fn statfs(&mut self, line: &str) {
        let words: Vec<&str> = line.splitn(7, ' ').collect();
        let [size, blocks, free, available, inodes, inodes_free, mount] = words[..] else { return };
        let number = |text: &str| text.parse::<u64>().ok();
        let (Some(size), Some(blocks), Some(free), Some(available)) =
            (number(size), number(blocks), number(free), number(available))
        else {
            return;
        };
        let bytes = |blocks: u64| Bytes(blocks.saturating_mul(size));
        let inodes_used = match (number(inodes), number(inodes_free)) {
            (Some(all), Some(free)) => Percent::of(all.saturating_sub(free), all),
            _ => None,
        };
        self.disk(mount, |disk| {
            disk.total = bytes(blocks);
            disk.used = bytes(blocks.saturating_sub(free));
            disk.available = bytes(available);
            disk.inodes_used = inodes_used;
        });
    }

    /// `device 1024-blocks used available share mount`, where there is no `stat`.
    pub(super) fn df(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace().skip(1);
        let mut next = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(total), Some(used), Some(available)) = (next(), next(), next()) else { return };
        let Some(mount) = line.find("% /").and_then(|at| line.get(at + 2..)) else { return };
        let bytes = |kib: u64| Bytes(kib.saturating_mul(1024));
        self.disk(mount, |disk| {
            disk.total = bytes(total);
            disk.used = bytes(used);
            disk.available = bytes(available);
        });
    }

    fn disk(&mut self, mount: &str, fill: impl FnOnce(&mut DiskUse)) {
        let Some((_, device)) = self.known.iter().find(|(known, _)| known == mount) else { return };
        let device = word(device);
        let again = device.starts_with('/') && self.disks.iter().any(|disk| disk.device == device);
        if again || self.disks.len() >= MOST {
            return;
        }
        let mut disk = DiskUse { mount: word(mount), device, ..DiskUse::default() };
        fill(&mut disk);
        // A file system without blocks holds no data (an automount point, a pseudo file system).
        if disk.total.0 > 0 {
            self.disks.push(disk);
        }
    }

    /// `None` where they were not asked for, or none could be read although some are mounted.
    pub(super) fn done(self) -> Option<Vec<DiskUse>> {
        (self.asked && (self.known.is_empty() || !self.disks.is_empty())).then_some(self.disks)
    }
}
