//! What happened, in its table.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::names::{self, Names};
use crate::domain::event_mark::{EventMark, MarkKind};
use crate::domain::ids::ServerId;
use crate::domain::time::Timestamp;

/// Two consoles see the same event at times that differ by up to the interval of their looks; within
/// so many milliseconds the same words are the same event.
const SAME: i64 = 15_000;
/// At most so many are given back.
const MOST: i64 = 2000;

/// Writes a mark, unless it stands there already.
pub fn write(db: &Connection, names: &mut Names, mark: &EventMark) -> Result<(), rusqlite::Error> {
    let Some(kind) = word(mark.kind) else { return Ok(()) };
    let server = names.server(db, &mark.server)?;
    let at = mark.at.as_millis();
    db.prepare_cached(
        "INSERT INTO mark SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (
             SELECT 1 FROM mark
             WHERE server = ?1 AND at BETWEEN ?5 AND ?6 AND kind = ?3 AND text = ?4)",
    )?
    .execute(params![server, at, kind, mark.text, at.saturating_sub(SAME), at.saturating_add(SAME)])?;
    Ok(())
}

/// The marks of some servers in `from..to`, oldest first; the latest where there are too many.
pub fn range(
    db: &Connection,
    servers: &BTreeSet<ServerId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<EventMark>, rusqlite::Error> {
    let mut marks = Vec::new();
    let mut statement = db.prepare_cached(
        "SELECT at, kind, text FROM mark WHERE server = ?1 AND at >= ?2 AND at < ?3
         ORDER BY at DESC LIMIT ?4",
    )?;
    for server in servers {
        let Some(number) = names::find_server(db, server)? else { continue };
        let mut rows = statement.query(params![number, from.as_millis(), to.as_millis(), MOST])?;
        while let Some(row) = rows.next()? {
            let Some(kind) = kind(row.get_ref(1)?.as_str().unwrap_or_default()) else { continue };
            let at = Timestamp::from_millis(row.get(0)?);
            marks.push(EventMark { at, server: server.clone(), kind, text: row.get(2)? });
        }
    }
    marks.sort_by_key(|mark| mark.at);
    let surplus = marks.len().saturating_sub(MOST as usize);
    marks.drain(..surplus);
    Ok(marks)
}

/// Forgets the marks before a time.
pub fn prune(db: &Connection, before: Timestamp) -> Result<(), rusqlite::Error> {
    for (server, _) in names::servers(db)? {
        db.prepare_cached("DELETE FROM mark WHERE server = ?1 AND at < ?2")?
            .execute(params![server, before.as_millis()])?;
    }
    Ok(())
}

/// The kind as a recording writes it, which a later version that adds kinds keeps.
fn word(kind: MarkKind) -> Option<String> {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) => Some(word),
        _ => None,
    }
}

fn kind(word: &str) -> Option<MarkKind> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
