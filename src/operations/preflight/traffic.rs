//! Whether the access log can be read that a release is compared by.

use super::Subject;
use crate::domain::plan::{Finding, Judgement, Operation};

pub(super) fn check(it: &Subject<'_>) -> Vec<Finding> {
    if it.operation != Operation::Deploy {
        return Vec::new();
    }
    vec![match &it.facts.traffic {
        None => return Vec::new(),
        Some(Ok(traffic)) if traffic.before.asked == 0 => {
            let found = format!("{} tells of no request: the watch has nothing to compare with", traffic.log);
            it.finding("traffic", Judgement::Noted, found)
        }
        Some(Ok(traffic)) => it.good("traffic", format!("of late {}", traffic.before)),
        Some(Err(failure)) => it.doubtful(
            "traffic",
            format!("the access log cannot be read: {}", failure.reason()),
            "let this user read it (the group adm, often), or say with --reason that containers alone are watched",
        ),
    }]
}
