//! The numbers that stand for servers and metrics in the tables.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::ids::ServerId;
use crate::domain::metric::Metric;

/// A day in minutes.
const DAY: i64 = 24 * 60;

/// What this console knows of the numbers; forgotten when a transaction is taken back, since what it
/// wrote of them is gone too.
#[derive(Debug, Default)]
pub struct Names {
    servers: HashMap<ServerId, i64>,
    metrics: HashMap<Metric, (u32, i64)>,
}

impl Names {
    /// A server's number, given out where it has none.
    pub fn server(&mut self, db: &Connection, server: &ServerId) -> Result<i64, rusqlite::Error> {
        if let Some(id) = self.servers.get(server) {
            return Ok(*id);
        }
        db.prepare_cached("INSERT INTO server (name) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([server.as_str()])?;
        let id = find_server(db, server)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        self.servers.insert(server.clone(), id);
        Ok(id)
    }

    /// A metric's number, given out where it has none. Once a day it is written down that the metric
    /// is still in use, for [`prune`].
    pub fn metric(
        &mut self,
        db: &Connection,
        metric: &Metric,
        minute: i64,
    ) -> Result<Option<u32>, rusqlite::Error> {
        let today = minute.div_euclid(DAY);
        if let Some((id, seen)) = self.metrics.get(metric)
            && *seen >= today
        {
            return Ok(Some(*id));
        }
        let Some(name) = name(metric) else { return Ok(None) };
        let id: i64 = db
            .prepare_cached(
                "INSERT INTO metric (name, seen) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET seen = max(seen, excluded.seen) RETURNING id",
            )?
            .query_row(params![name, today], |row| row.get(0))?;
        let Ok(id) = u32::try_from(id) else { return Ok(None) };
        self.metrics.insert(metric.clone(), (id, today));
        Ok(Some(id))
    }

    /// Forgets everything.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// A metric's name in the database: its JSON, which reads back, where its name on the screen does not.
fn name(metric: &Metric) -> Option<String> {
    serde_json::to_string(metric).ok()
}

/// A server's number, where it has one.
pub fn find_server(db: &Connection, server: &ServerId) -> Result<Option<i64>, rusqlite::Error> {
    db.prepare_cached("SELECT id FROM server WHERE name = ?1")?
        .query_row([server.as_str()], |row| row.get(0))
        .optional()
}

/// A metric's number, where it has one.
pub fn find_metric(db: &Connection, metric: &Metric) -> Result<Option<u32>, rusqlite::Error> {
    let Some(name) = name(metric) else { return Ok(None) };
    db.prepare_cached("SELECT id FROM metric WHERE name = ?1")?.query_row([name], |row| row.get(0)).optional()
}

/// All servers and their numbers.
pub fn servers(db: &Connection) -> Result<Vec<(i64, ServerId)>, rusqlite::Error> {
    db.prepare_cached("SELECT id, name FROM server ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, ServerId::from(row.get::<_, String>(1)?))))?
        .collect()
}

/// All metrics by their numbers; those that a later version named are left out.
pub fn metrics(db: &Connection) -> Result<HashMap<u32, Metric>, rusqlite::Error> {
    let mut statement = db.prepare_cached("SELECT id, name FROM metric")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?)))?;
    let mut metrics = HashMap::new();
    for row in rows {
        let (id, name) = row?;
        if let Ok(metric) = serde_json::from_str(&name) {
            metrics.insert(id, metric);
        }
    }
    Ok(metrics)
}

/// Forgets metrics that nothing is kept of any more: containers come and go.
pub fn prune(db: &Connection, oldest_minute: i64) -> Result<(), rusqlite::Error> {
    db.execute("DELETE FROM metric WHERE seen < ?1", [oldest_minute.div_euclid(DAY) - 1])?;
    Ok(())
}
