//! Whether the app's folder on the server can be written to.

use super::Subject;
use crate::domain::plan::{Finding, Judgement};
use crate::domain::quantity::Bytes;

/// A release with all that is kept of it is a few dozen kilobytes; a run that cannot write down how it
/// ended is worse than none.
const LEAST: Bytes = Bytes(2 << 20);

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let folder = &it.place.directory;
    vec![match &it.facts.writable {
        Ok(()) if it.facts.room.is_some_and(|room| room < LEAST) => it.refused(
            "folder",
            format!("{folder} has no room left for a release"),
            format!("make room: df {}", crate::domain::shell::quote(folder)),
        ),
        Ok(()) if it.facts.sent.as_ref().is_some_and(|sent| sent.absent) => {
            it.finding("folder", Judgement::Noted, format!("{folder} is made: it is not there yet"))
        }
        Ok(()) => it.good("folder", format!("{folder} can be written to")),
        Err(why) => it.refused(
            "folder",
            format!("the release ledger cannot be written in {folder}: {why}"),
            format!("give this user the folder: chown \"$USER\" {}", crate::domain::shell::quote(folder)),
        ),
    }]
}
