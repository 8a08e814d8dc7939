//! What a check reads of a datastore besides its verdict, as numbers that can be charted.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::metric::MetricUnit;

/// One figure of a datastore. A new one is a variant here, and a line where its check reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// PostgreSQL: connections of clients.
    Connections,
    /// PostgreSQL: the age of the oldest open transaction, zero where none is open.
    OldestTransaction,
    /// PostgreSQL: sessions that wait for a lock.
    LockWaits,
    /// PostgreSQL: how far this standby, or the slowest standby of this primary, is behind.
    ReplicationLag,
    /// PostgreSQL: the size of the database.
    DatabaseSize,
    /// PostgreSQL: the share of reads that its cache answered, since its statistics were reset.
    CacheHits,
    /// Redis: used memory.
    MemoryUsed,
    /// Redis: used memory against its limit; none where it has no limit.
    MemoryShare,
    /// Redis: keys that it threw away for want of memory.
    Evictions,
    /// Redis: connected clients.
    Clients,
    /// Redis: a replica's link to its primary, 1 where it is up and 0 where it is down.
    ReplicationLink,
    /// Redis: replicas of a primary that are connected.
    Replicas,
}

impl Figure {
    /// The unit of its values.
    pub const fn unit(self) -> MetricUnit {
        match self {
            Self::Connections | Self::LockWaits | Self::Clients | Self::ReplicationLink | Self::Replicas => {
                MetricUnit::Number
            }
            Self::OldestTransaction | Self::ReplicationLag => MetricUnit::Millis,
            Self::DatabaseSize | Self::MemoryUsed => MetricUnit::Bytes,
            Self::CacheHits | Self::MemoryShare => MetricUnit::Percent,
            Self::Evictions => MetricUnit::PerSecond,
        }
    }
}

impl fmt::Display for Figure {
    /// The name on the screen, before the check's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connections => "connections",
            Self::OldestTransaction => "oldest transaction",
            Self::LockWaits => "lock waits",
            Self::ReplicationLag => "replication lag",
            Self::DatabaseSize => "database size",
            Self::CacheHits => "cache hits",
            Self::MemoryUsed => "memory used",
            Self::MemoryShare => "memory share",
            Self::Evictions => "evictions",
            Self::Clients => "clients",
            Self::ReplicationLink => "replication link",
            Self::Replicas => "replicas",
        })
    }
}
