//! `[history]`: the embedded database of samples.

use std::path::PathBuf;
use std::time::Duration;

use super::table::Table;

/// Where samples are kept, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// Whether anything is written.
    pub enabled: bool,
    /// The database's file; `None` for the place that the system has for such data.
    pub path: Option<PathBuf>,
    /// How long readings are kept by the minute; eight days, so that this hour of last week is there.
    pub retention: Duration,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { enabled: true, path: None, retention: Duration::from_secs(8 * 86_400) }
    }
}

impl HistoryConfig {
    pub(super) fn read(t: &mut Table<'_>) -> Self {
        let base = Self::default();
        Self {
            enabled: t.or("enabled", base.enabled),
            path: t.opt("path"),
            retention: t.or("retention", base.retention),
        }
    }
}
