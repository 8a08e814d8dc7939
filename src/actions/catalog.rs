//! The list of all actions: a row for each file of them.

use super::{Action, general};

/// All actions by file, in the order of help and footer.
pub static ALL: &[&[Action]] = &[general::ALL];
