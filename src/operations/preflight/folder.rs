//! Whether the app's folder on the server can be written to.

use super::Subject;
use crate::domain::plan::Finding;

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    let folder = &it.place.directory;
    vec![match &it.facts.writable {
        Ok(()) => it.good("folder", format!("{folder} can be written to")),
        Err(why) => it.refused(
            "folder",
            format!("the release ledger cannot be written in {folder}: {why}"),
            format!("give this user the folder: chown \"$USER\" {}", crate::domain::shell::quote(folder)),
        ),
    }]
}
