//! The kernel killed a process for memory, lately.

use std::time::Duration;

use super::Seen;
use crate::domain::health::Health;
use crate::store::fleet::finding::{Finding, Kind};

/// For how long that is a problem: nothing else tells that it is over.
const LATELY: Duration = Duration::from_secs(15 * 60);

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    if seen.server.oom_at.is_some_and(|at| at.age(seen.now) < LATELY) {
        let cause = "the kernel killed a process for memory".to_owned();
        out.push(Finding::on_server(seen.server.id(), Kind::Limit, "oom", Health::Degraded, cause));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, server};
    use super::*;

    #[test]
    fn a_kill_is_a_problem_for_a_while() {
        let mut killed = server("web-1");
        killed.oom_at = Some(NOW - Duration::from_secs(60));
        assert_eq!(causes(&killed), ["the kernel killed a process for memory"]);
        killed.oom_at = Some(NOW - LATELY);
        assert!(causes(&killed).is_empty());
    }
}
