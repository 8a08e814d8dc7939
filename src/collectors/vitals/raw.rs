//! What one report of a machine says before anything is judged or divided: counters since boot,
//! and levels as they stand. No text and no rates here.

use crate::domain::link::ServerFacts;
use crate::domain::quantity::Percent;
use crate::domain::vitals::{DiskUse, MemoryUse, SwapUse};

/// One report. Whatever the server did not say is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The counters and levels of `/proc`.
    pub look: Look,
    /// Logical processors, where they were asked for.
    pub cores: Option<u16>,
    /// What the server is, where it was asked for.
    pub facts: Option<ServerFacts>,
    /// Its file systems, where they were asked for and could be read.
    pub disks: Option<Vec<DiskUse>>,
    /// Whether it asks for a reboot, where it was asked and can tell.
    pub reboot_required: Option<bool>,
    /// Its wall clock, where it was asked for.
    pub clock: Option<ServerClock>,
}

/// A server's wall clock as `date` wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerClock {
    /// Milliseconds since the epoch; the middle of the second where it tells only seconds.
    pub millis: i64,
}

/// What is read every time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// Since boot, in hundredths of a second.
    pub uptime: Option<u64>,
    /// Processor time since boot by kind, in the kernel's ticks.
    pub cpu: Option<Ticks>,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: Option<[f32; 3]>,
    /// Main memory.
    pub memory: Option<MemoryUse>,
    /// Swap; `None` where there is none.
    pub swap: Option<SwapUse>,
    /// Share of the last ten seconds that some task waited for CPU, memory, I/O.
    pub pressure: [Option<Percent>; 3],
    /// Open file descriptors and their limit.
    pub files: Option<(u64, u64)>,
    /// Processes killed for memory since boot.
    pub oom_kills: Option<u64>,
    /// Block devices, without loops and RAM disks; partitions are still in it.
    pub devices: Vec<Device>,
    /// Network interfaces, without veth pairs; the loopback and bridges are still in it.
    pub interfaces: Vec<Interface>,
}

/// `/proc/stat`, first line, proc(5). Guest time is in `user` already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// `user + nice + system + irq + softirq`.
    pub busy: u64,
    /// `idle`.
    pub idle: u64,
    /// `iowait`; the kernel may turn it back.
    pub iowait: u64,
    /// `steal`.
    pub steal: u64,
}

/// One line of `/proc/diskstats`; a sector is 512 bytes there, whatever the device says
/// (Documentation/admin-guide/iostats.rst).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// Its name.
    pub name: String,
    /// Sectors read.
    pub read: u64,
    /// Sectors written.
    pub written: u64,
    /// Milliseconds with a request under way.
    pub busy: u64,
}

/// One line of `/proc/net/dev`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Errors and drops, both ways.
    pub errors: u64,
}
