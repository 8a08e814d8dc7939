//! What a process costs, from `/proc`. Linux.

use std::fs;
use std::time::Duration;

use super::Outcome;

/// What a process took until now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Processor time of all its threads.
    pub processor: Duration,
    /// Resident memory in MiB.
    pub resident: f64,
}

impl Cost {
    /// What this process takes.
    pub fn of(pid: u32) -> Outcome<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks: u64 = fields.get(11).ok_or("it ended")?.parse::<u64>()? + fields[12].parse::<u64>()?;
        let processor = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        let pages: f64 = fields[21].parse()?;
        let resident = pages * rustix::param::page_size() as f64 / 1_048_576.0;
        Ok(Self { processor: Duration::from_secs_f64(processor), resident })
    }

    /// Percent of one core since an earlier look, over this time.
    pub fn percent_since(&self, before: &Self, over: Duration) -> f64 {
        self.processor.saturating_sub(before.processor).as_secs_f64() / over.as_secs_f64() * 100.0
    }
}
