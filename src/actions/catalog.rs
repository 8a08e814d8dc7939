//! The list of all actions: a row for each file of them.

use super::{
    Action, adopt, approval, backup, datastores, exec, general, lists, logs, metrics, movement, operate,
    plan, releases, run, unfinished,
};

/// All actions by file, in the order of help and footer.
pub static ALL: &[&[Action]] = &[
    lists::ALL,
    operate::ALL,
    backup::ALL,
    exec::ALL,
    logs::ALL,
    metrics::ALL,
    plan::ALL,
    run::ALL,
    releases::ALL,
    unfinished::ALL,
    approval::ALL,
    adopt::ALL,
    datastores::ALL,
    general::ALL,
    movement::ALL,
];
