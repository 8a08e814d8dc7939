//! What happened to a machine between two looks: it booted, or its kernel killed for memory.

use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;
use crate::domain::vitals::Vitals;

/// A boot is told from a clock that was set by being this much later than the one before.
const SAME_BOOT_MS: i64 = 60_000;

/// The look before, as far as it is compared.
#[derive(Debug, Default)]
pub(super) struct Memory {
    booted: Option<Timestamp>,
    oom_kills: Option<u64>,
}

impl Memory {
    /// Takes a look, and tells what happened since the one before.
    pub(super) fn marks(&mut self, server: &ServerId, vitals: &Vitals, now: Timestamp) -> Vec<EventMark> {
        let mut marks = Vec::new();
        let mark = |at, kind, text| EventMark { at, server: server.clone(), kind, text };
        let booted = now - vitals.uptime;
        let rebooted = !vitals.uptime.is_zero()
            && self.booted.is_some_and(|before| booted.as_millis() - before.as_millis() > SAME_BOOT_MS);
        if rebooted {
            marks.push(mark(booted, MarkKind::Boot, format!("{server} booted")));
            self.oom_kills = Some(0);
        }
        if !vitals.uptime.is_zero() {
            self.booted = Some(booted);
        }
        if let (Some(before), Some(kills)) = (self.oom_kills, vitals.oom_kills)
            && kills > before
        {
            let text = match kills - before {
                1 => format!("{server}: the kernel killed a process for memory"),
                n => format!("{server}: the kernel killed {n} processes for memory"),
            };
            marks.push(mark(now, MarkKind::OutOfMemory, text));
        }
        self.oom_kills = vitals.oom_kills.or(self.oom_kills);
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn kinds(memory: &mut Memory, uptime: u64, kills: u64, now: i64) -> Vec<MarkKind> {
        let vitals =
            Vitals { uptime: Duration::from_secs(uptime), oom_kills: Some(kills), ..Vitals::default() };
        let marks = memory.marks(&"web-1".into(), &vitals, Timestamp::from_secs(now));
        marks.into_iter().map(|mark| mark.kind).collect()
    }

    #[test]
    fn a_boot_and_a_kill_are_told_once() {
        let mut memory = Memory::default();
        assert_eq!(kinds(&mut memory, 1000, 2, 5000), []);
        assert_eq!(kinds(&mut memory, 1002, 3, 5002), [MarkKind::OutOfMemory]);
        assert_eq!(kinds(&mut memory, 1004, 3, 5004), []);
        assert_eq!(kinds(&mut memory, 20, 1, 5300), [MarkKind::Boot, MarkKind::OutOfMemory]);
        assert_eq!(kinds(&mut memory, 22, 1, 5302), []);
    }
}
