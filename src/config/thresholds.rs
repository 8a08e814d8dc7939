//! `[thresholds]`, and the same within a server or an environment, which override it.

use std::time::Duration;

use super::table::Table;
use crate::domain::quantity::Percent;
use crate::domain::thresholds::Thresholds;

/// Limits that replace others where they are given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdsPatch {
    cpu: Option<Percent>,
    memory: Option<Percent>,
    swap: Option<Percent>,
    disk: Option<Percent>,
    inodes: Option<Percent>,
    error_rate: Option<Percent>,
    p95: Option<Duration>,
    certificate: Option<Duration>,
    clock_offset: Option<Duration>,
    disk_full_within: Option<Duration>,
}

impl ThresholdsPatch {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        Self {
            cpu: t.opt("cpu"),
            memory: t.opt("memory"),
            swap: t.opt("swap"),
            disk: t.opt("disk"),
            inodes: t.opt("inodes"),
            error_rate: t.opt("error_rate"),
            p95: t.opt("p95"),
            certificate: t.opt("certificate"),
            clock_offset: t.opt("clock_offset"),
            disk_full_within: t.opt("disk_full_within"),
        }
    }

    /// The limits with these in place of the given ones.
    pub fn over(&self, base: Thresholds) -> Thresholds {
        Thresholds {
            cpu: self.cpu.unwrap_or(base.cpu),
            memory: self.memory.unwrap_or(base.memory),
            swap: self.swap.unwrap_or(base.swap),
            disk: self.disk.unwrap_or(base.disk),
            inodes: self.inodes.unwrap_or(base.inodes),
            error_rate: self.error_rate.unwrap_or(base.error_rate),
            p95: self.p95.unwrap_or(base.p95),
            certificate: self.certificate.unwrap_or(base.certificate),
            clock_offset: self.clock_offset.unwrap_or(base.clock_offset),
            disk_full_within: self.disk_full_within.unwrap_or(base.disk_full_within),
        }
    }
}

/// The limits for everything, the trade's own where nothing is said.
pub(super) fn read_global(t: &mut Table<'_>) -> Thresholds {
    let base = Thresholds::default();
    Thresholds {
        cpu: t.or("cpu", base.cpu),
        memory: t.or("memory", base.memory),
        swap: t.or("swap", base.swap),
        disk: t.or("disk", base.disk),
        inodes: t.or("inodes", base.inodes),
        error_rate: t.or("error_rate", base.error_rate),
        p95: t.or("p95", base.p95),
        certificate: t.or("certificate", base.certificate),
        clock_offset: t.or("clock_offset", base.clock_offset),
        disk_full_within: t.or("disk_full_within", base.disk_full_within),
    }
}
