//! `kind = "postgres"`: whether a PostgreSQL server answers, and how far it is from its limits.

use std::path::PathBuf;
use std::time::Duration;

use super::database::DatabaseAt;
use super::{Vantage, read_from};
use crate::config::amounts::Count;
use crate::config::condition;
use crate::config::table::Table;
use crate::config::words::words;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;
use crate::domain::quantity::{Bytes, Percent};

words! {
    /// Whether the connection is encrypted, in the words of libpq's `sslmode`; `require` is stricter here,
    /// as `verify-full` is there.
    TlsMode {
        /// Not.
        Disable = "disable",
        /// Where the server can.
        Prefer = "prefer",
        /// Always, and the certificate is checked.
        Require = "require",
        /// Always; a trusted authority signed the certificate, whatever name it is for.
        VerifyCa = "verify-ca",
        /// As `require` here.
        VerifyFull = "verify-full",
    }
}

/// Limits past which the server is degraded; `None` where nothing is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PostgresLimits {
    /// Connections in use, of those that are allowed.
    pub connections: Percent,
    /// The age of the oldest open transaction.
    pub oldest_transaction: Duration,
    /// Sessions that wait for a lock.
    pub waiting_locks: u32,
    /// How far a replica is behind.
    pub replication_lag: Duration,
    /// The database's size.
    pub size: Option<Bytes>,
    /// The share of reads that the cache answers, at least.
    pub cache_hit: Option<Percent>,
}

impl PostgresLimits {
    fn read(t: &mut Table<'_>) -> Self {
        Self {
            connections: t.or("connections", Percent(80.0)),
            oldest_transaction: t.or("oldest_transaction", Duration::from_secs(300)),
            waiting_locks: t.or("waiting_locks", Count::new(5)).get(),
            replication_lag: t.or("replication_lag", Duration::from_secs(30)),
            size: t.opt("size"),
            cache_hit: t.opt("cache_hit"),
        }
    }
}

/// A PostgreSQL server.
#[derive(Clone, Debug, PartialEq)]
pub struct PostgresCheck {
    /// Where it answers, and who asks.
    pub at: DatabaseAt,
    /// Where it is asked from.
    pub from: Vec<Vantage>,
    /// Whether the connection is encrypted.
    pub tls: TlsMode,
    /// Certificates to trust besides the system's, a PEM file.
    pub ca: Option<PathBuf>,
    /// Its limits.
    pub limits: PostgresLimits,
    /// What else must hold.
    pub condition: Option<Condition>,
}

impl PostgresCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let at = DatabaseAt::read(t, &["postgres", "postgresql"], 5432);
        let from = read_from(t);
        let (tls, ca) = (t.or("tls", TlsMode::Prefer), t.opt("ca"));
        let limits = t.table("limits", PostgresLimits::read);
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Postgres, condition.as_ref());
        Some(Self { at: at?, from, tls, ca, limits, condition })
    }
}
