//! What the names may be that the user gives to servers, apps and the rest: they stand in
//! `server/source` on the screen, and in arguments.

use super::mistake::{Mistake, Span};
use super::table::Table;
use crate::domain::text::is_hostile;

/// Reports a name that cannot be one.
pub(super) fn judge(name: &str, at: Span, t: &Table<'_>) {
    let bad = |c: char| c == '/' || c.is_whitespace() || is_hostile(c);
    if name.is_empty() || name.len() > 64 || name.starts_with('-') || name.contains(bad) {
        t.report(
            Mistake::error(at, "this cannot be a name")
                .help("1 to 64 bytes without white space and `/`, not starting with `-`"),
        );
    }
}
