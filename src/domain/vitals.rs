//! One look at a machine. What a kernel does not tell (no PSI, no swap) is `None`, never zero.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quantity::{Bytes, Percent};

/// All that one look at a machine gives. Rates are over the time since the look before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// Shares of processor time; `None` at the first look, which has nothing to compare with.
    pub cpu: Option<CpuUse>,
    /// Logical processors.
    pub cores: u16,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f32; 3],
    /// Main memory.
    pub memory: MemoryUse,
    /// Swap; `None` where there is none.
    pub swap: Option<SwapUse>,
    /// Pressure stall information; `None` where the kernel does not offer it.
    pub pressure: Option<Pressure>,
    /// Mounted file systems that hold data.
    pub disks: Vec<DiskUse>,
    /// Block devices.
    pub disk_io: Vec<DiskIo>,
    /// Network interfaces but the loopback.
    pub networks: Vec<NetworkUse>,
    /// Since the last boot.
    pub uptime: Duration,
    /// Open file descriptors, and how many the kernel allows.
    pub files: Option<(u64, u64)>,
    /// The server's clock less the console's, in milliseconds; positive where the server is ahead.
    pub clock_offset_ms: Option<i64>,
    /// Processes that the kernel killed for memory since boot.
    pub oom_kills: Option<u64>,
    /// Whether the distribution asks for a reboot; `None` where it has no such mark.
    pub reboot_required: Option<bool>,
}

/// Shares of all processors' time, together at most 100 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CpuUse {
    /// Our own work: all but idle, waiting for I/O, and what the hypervisor took.
    pub busy: Percent,
    /// Waiting for I/O.
    pub iowait: Percent,
    /// Taken by the hypervisor for others.
    pub steal: Percent,
}

/// Main memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryUse {
    /// All of it.
    pub total: Bytes,
    /// What could be given out without swapping (`MemAvailable`).
    pub available: Bytes,
}

impl MemoryUse {
    /// The share that is not available; `None` where the total is unknown.
    pub fn used(&self) -> Option<Percent> {
        Percent::of(self.total.0.saturating_sub(self.available.0), self.total.0)
    }
}

/// Swap space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SwapUse {
    /// All of it, more than zero.
    pub total: Bytes,
    /// In use.
    pub used: Bytes,
}

impl SwapUse {
    /// The share in use.
    pub fn share(&self) -> Option<Percent> {
        Percent::of(self.used.0, self.total.0)
    }
}

/// Shares of the last ten seconds in which some task stood still for want of a resource
/// (`/proc/pressure`, field `avg10`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// Some task waited for a processor.
    pub cpu: Percent,
    /// Some task waited for memory.
    pub memory: Percent,
    /// Some task waited for I/O.
    pub io: Percent,
}

/// One mounted file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskUse {
    /// Where it is mounted.
    pub mount: String,
    /// The device.
    pub device: String,
    /// All of it.
    pub total: Bytes,
    /// In use.
    pub used: Bytes,
    /// Free to an ordinary user.
    pub available: Bytes,
    /// Inodes in use, where the file system counts them.
    pub inodes_used: Option<Percent>,
}

impl DiskUse {
    /// The share in use as `df` says it: of what an ordinary user can have.
    pub fn share(&self) -> Option<Percent> {
        Percent::of(self.used.0, self.used.0 + self.available.0)
    }
}

/// One block device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskIo {
    /// The device's name (`vda`).
    pub device: String,
    /// Read, bytes a second.
    pub read: Bytes,
    /// Written, bytes a second.
    pub written: Bytes,
    /// Share of the time with a request under way.
    pub busy: Percent,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkUse {
    /// Its name (`eth0`).
    pub interface: String,
    /// Received, bytes a second.
    pub received: Bytes,
    /// Sent, bytes a second.
    pub sent: Bytes,
    /// Errors and drops since boot.
    pub errors: u64,
}
