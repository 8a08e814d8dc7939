//! Frames in their table: merged in, read over a range, pruned.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::frame::{Frame, decode, encode};
use super::names::{self, Names};
use super::tally::Tally;
use crate::domain::ids::ServerId;
use crate::domain::metric::{Metric, SeriesKey};
use crate::domain::past::{Folded, Kept};
use crate::domain::time::Timestamp;

/// Milliseconds in a minute.
pub const MINUTE: i64 = 60_000;
/// How many minutes the frames of each tier last, finest first.
pub const TIERS: [i64; 2] = [1, 10];
/// A server has at most so many series in a frame; the rest is left out, containers' traffic first.
const WIDEST: usize = 1024;

/// What was read in one minute of one server.
pub type Minute = HashMap<Metric, Tally>;

/// Writes a minute of a server, merged with what stands there.
pub fn write(
    db: &Connection,
    names: &mut Names,
    server: &ServerId,
    at: i64,
    minute: &Minute,
) -> Result<(), rusqlite::Error> {
    let server = names.server(db, server)?;
    let mut frame = Frame::new();
    let mut kept: Vec<(&Metric, &Tally)> = minute.iter().collect();
    if kept.len() > WIDEST {
        // The same every minute, so that no series has holes.
        kept.sort_unstable_by_key(|(metric, _)| (metric.is_traffic_of_container(), *metric));
        kept.truncate(WIDEST);
    }
    for (metric, tally) in kept {
        if let Some(number) = names.metric(db, metric, at)? {
            frame.insert(number, *tally);
        }
    }
    let inserted = db
        .prepare_cached("INSERT INTO frame VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")?
        .execute(params![TIERS[0], server, at, encode(&frame)])?;
    if inserted == 0 {
        let held: Vec<u8> = db
            .prepare_cached("SELECT body FROM frame WHERE tier = ?1 AND server = ?2 AND at = ?3")?
            .query_row(params![TIERS[0], server, at], |row| row.get(0))?;
        for (number, other) in decode(&held).unwrap_or_default() {
            frame.entry(number).and_modify(|tally| *tally = tally.merge(other)).or_insert(other);
        }
        replace(db, TIERS[0], server, at, &frame)?;
    }
    Ok(())
}

/// Writes a frame over what stands there.
pub fn replace(
    db: &Connection,
    tier: i64,
    server: i64,
    at: i64,
    frame: &Frame,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached("INSERT OR REPLACE INTO frame VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        tier,
        server,
        at,
        encode(frame)
    ])?;
    Ok(())
}

/// Hands out a server's frames that begin in `from..to`, in the order of time. A row that cannot be
/// read is passed over: it is a gap.
pub fn each(
    db: &Connection,
    tier: i64,
    server: i64,
    from: i64,
    to: i64,
    mut take: impl FnMut(i64, Frame),
) -> Result<(), rusqlite::Error> {
    let mut statement = db.prepare_cached(
        "SELECT at, body FROM frame WHERE tier = ?1 AND server = ?2 AND at >= ?3 AND at < ?4 ORDER BY at",
    )?;
    let mut rows = statement.query(params![tier, server, from, to])?;
    while let Some(row) = rows.next()? {
        if let Some(frame) = decode(row.get_ref(1)?.as_blob().unwrap_or_default()) {
            take(row.get(0)?, frame);
        }
    }
    Ok(())
}

/// Some series of one server over a range: by the minute as far back as minutes are kept, by the
/// longer tier before that.
pub fn range(
    db: &Connection,
    server: &ServerId,
    metrics: &[Metric],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(SeriesKey, Vec<Folded>)>, rusqlite::Error> {
    let Some(server_number) = names::find_server(db, server)? else { return Ok(Vec::new()) };
    let mut wanted: BTreeMap<u32, (&Metric, Vec<Folded>)> = BTreeMap::new();
    for metric in metrics {
        if let Some(number) = names::find_metric(db, metric)? {
            wanted.insert(number, (metric, Vec::new()));
        }
    }
    let (from, to) =
        (from.as_millis().div_euclid(MINUTE), to.as_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE));
    let oldest: Option<i64> = db
        .prepare_cached("SELECT at FROM frame WHERE tier = ?1 AND server = ?2 ORDER BY at LIMIT 1")?
        .query_row(params![TIERS[0], server_number], |row| row.get(0))
        .optional()?;
    // A long frame that minutes have taken over from in its middle would stand beside them.
    let border = oldest.unwrap_or(i64::MAX).clamp(from, to);
    let long_to = border.div_euclid(TIERS[1]) * TIERS[1];
    for (tier, from, to) in [(TIERS[1], from - TIERS[1] + 1, long_to), (TIERS[0], border, to)] {
        each(db, tier, server_number, from, to, |at, frame| {
            for (number, (_, points)) in &mut wanted {
                if let Some(tally) = frame.get(number) {
                    points.push(folded(at, tier, tally));
                }
            }
        })?;
    }
    let key = |metric: &Metric| SeriesKey { server: server.clone(), metric: metric.clone() };
    Ok(wanted
        .into_values()
        .filter(|(_, points)| !points.is_empty())
        .map(|(metric, points)| (key(metric), points))
        .collect())
}

fn folded(at: i64, tier: i64, tally: &Tally) -> Folded {
    Folded {
        at: Timestamp::from_millis(at.saturating_mul(MINUTE)),
        lasts: Duration::from_secs(tier.unsigned_abs() * 60),
        min: tally.min,
        // Two roundings must not lift it out of the band.
        mean: tally.mean().clamp(tally.min, tally.max),
        max: tally.max,
    }
}

/// What is kept of whom, as of the latest frames of each server.
pub fn kept(db: &Connection) -> Result<Kept, rusqlite::Error> {
    let metrics = names::metrics(db)?;
    let mut kept = Kept::new();
    let mut latest =
        db.prepare_cached("SELECT body FROM frame WHERE tier = ?1 AND server = ?2 ORDER BY at DESC LIMIT 5")?;
    for (number, server) in names::servers(db)? {
        let mut found = HashSet::new();
        for tier in TIERS {
            let mut rows = latest.query(params![tier, number])?;
            while let Some(row) = rows.next()? {
                let frame = decode(row.get_ref(0)?.as_blob().unwrap_or_default()).unwrap_or_default();
                found.extend(frame.into_keys());
            }
        }
        let mut metrics: Vec<Metric> =
            found.iter().filter_map(|number| metrics.get(number).cloned()).collect();
        metrics.sort();
        kept.insert(server, metrics);
    }
    Ok(kept)
}

/// Forgets the frames of a tier that began before a minute.
pub fn prune(db: &Connection, tier: i64, before: i64) -> Result<(), rusqlite::Error> {
    for (server, _) in names::servers(db)? {
        db.prepare_cached("DELETE FROM frame WHERE tier = ?1 AND server = ?2 AND at < ?3")?
            .execute(params![tier, server, before])?;
    }
    Ok(())
}
