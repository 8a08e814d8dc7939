//! `kind = "redis"`: whether a Redis server answers, and how far it is from its limits.

use std::path::PathBuf;

use super::database::DatabaseAt;
use super::{Vantage, read_from};
use crate::config::amounts::Count;
use crate::config::condition;
use crate::config::table::Table;
use crate::domain::check::CheckKind;
use crate::domain::condition::Condition;
use crate::domain::quantity::Percent;

/// Limits past which the server is degraded; `None` where nothing is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RedisLimits {
    /// Memory in use, of what it may have.
    pub memory: Percent,
    /// Connected clients.
    pub clients: Option<u32>,
    /// Keys evicted a minute.
    pub evictions: Option<u32>,
}

impl RedisLimits {
    fn read(t: &mut Table<'_>) -> Self {
        Self {
            memory: t.or("memory", Percent(80.0)),
            clients: t.opt::<Count>("clients").map(Count::get),
            evictions: t.opt::<Count>("evictions").map(Count::get),
        }
    }
}

/// A Redis server.
#[derive(Clone, Debug, PartialEq)]
pub struct RedisCheck {
    /// Where it answers, and who asks.
    pub at: DatabaseAt,
    /// Where it is asked from.
    pub from: Vec<Vantage>,
    /// Whether it is asked over TLS; a URL says so by `rediss://`.
    pub tls: bool,
    /// Certificates to trust besides the system's, a PEM file.
    pub ca: Option<PathBuf>,
    /// Its limits.
    pub limits: RedisLimits,
    /// What else must hold.
    pub condition: Option<Condition>,
}

impl RedisCheck {
    pub(super) fn read(t: &mut Table<'_>) -> Option<Self> {
        let at = DatabaseAt::read(t, &["redis", "rediss"], 6379);
        let from = read_from(t);
        let (tls, ca) = (t.or("tls", false), t.opt("ca"));
        let limits = t.table("limits", RedisLimits::read);
        let condition: Option<Condition> = t.opt("condition");
        condition::judge(t, CheckKind::Redis, condition.as_ref());
        Some(Self { at: at?, from, tls, ca, limits, condition })
    }
}
