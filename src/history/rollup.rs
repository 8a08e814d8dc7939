//! Longer frames out of minutes: what is left of a day once its minutes are gone.

use rusqlite::{Connection, OptionalExtension, params};

use super::frame::Frame;
use super::minutes::{TIERS, each, replace};
use super::names;

/// Folds the minutes since the last time into frames of the longer tier, up to `until` (a minute).
/// The last frame of the time before is made anew, in case another console was late with a minute.
pub fn roll_up(db: &Connection, until: i64) -> Result<(), rusqlite::Error> {
    let length = TIERS[1];
    let until = until.div_euclid(length) * length;
    let done: Option<i64> = db
        .prepare_cached("SELECT at FROM progress WHERE name = 'rolled up'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let from = done.map_or(0, |done| done - length);
    if from >= until {
        return Ok(());
    }
    for (server, _) in names::servers(db)? {
        let mut frames: Vec<(i64, Frame)> = Vec::new();
        each(db, TIERS[0], server, from, until, |at, minute| {
            let begin = at.div_euclid(length) * length;
            if frames.last().is_none_or(|(held, _)| *held != begin) {
                frames.push((begin, Frame::new()));
            }
            let Some((_, frame)) = frames.last_mut() else { return };
            for (number, tally) in minute {
                frame.entry(number).and_modify(|sum| sum.join(tally)).or_insert(tally);
            }
        })?;
        for (at, frame) in &frames {
            replace(db, length, server, *at, frame)?;
        }
    }
    db.prepare_cached(
        "INSERT INTO progress VALUES ('rolled up', ?1)
         ON CONFLICT (name) DO UPDATE SET at = max(at, excluded.at)",
    )?
    .execute(params![until])?;
    Ok(())
}
