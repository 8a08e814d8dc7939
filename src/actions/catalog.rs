//! The list of all actions: a row for each file of them.

use super::{Action, general, lists, logs, metrics, movement};

/// All actions by file, in the order of help and footer.
pub static ALL: &[&[Action]] = &[lists::ALL, logs::ALL, metrics::ALL, general::ALL, movement::ALL];
