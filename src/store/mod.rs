//! Live data in memory: the fleet with what was last seen of it, series, and log lines.
//!
//! Lives here: synchronous structures without locks, I/O or a clock; the time is handed in.
//! Not here: what is selected or shown (`state/`), what is kept on disk (`history/`).

pub mod fleet;
pub mod logs;
pub mod series;
