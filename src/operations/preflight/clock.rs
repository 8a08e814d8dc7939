//! Whether the server's clock is sane: certificates, tokens and the order of releases depend on it.

use std::time::Duration;

use super::Subject;
use crate::domain::plan::{Finding, Judgement};
use crate::domain::time::Age;

/// Further off than this, registries begin to refuse tokens.
const OFF: Duration = Duration::from_secs(60);

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    vec![match it.facts.clock_off {
        Some(off) if off < OFF => it.good("clock", "its clock agrees with this console's"),
        Some(off) => it.doubtful(
            "clock",
            format!("its clock is {} from this console's", Age(off)),
            "set it: timedatectl set-ntp true",
        ),
        None => it.finding("clock", Judgement::Noted, "its clock could not be read"),
    }]
}
