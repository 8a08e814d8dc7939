//! The processors are busy, and stay so: a peak of a few seconds is what they are there for.

use std::time::Duration;

use super::Seen;
use crate::domain::health::Health;
use crate::store::fleet::finding::{Finding, Kind};

/// How long the limit must be passed.
pub const HOLD: Duration = Duration::from_secs(30);

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let Some(cpu) = seen.vitals.and_then(|vitals| vitals.cpu) else { return };
    let Some(since) = seen.server.cpu_over else { return };
    if cpu.busy > seen.limits().cpu && since.age(seen.now) >= HOLD {
        let cause = format!("processors {} busy (limit {})", cpu.busy, seen.limits().cpu);
        let finding = Finding::on_server(seen.server.id(), Kind::Limit, "cpu", Health::Degraded, cause);
        out.push(Finding { begun: Some(since), ..finding });
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, server, vitals};
    use super::*;
    use crate::domain::quantity::Percent;
    use crate::domain::vitals::{CpuUse, Vitals};

    #[test]
    fn only_a_limit_that_is_passed_for_long_is_a_problem() {
        let mut busy = server("web-1");
        let cpu = Some(CpuUse { busy: Percent(95.0), ..CpuUse::default() });
        busy.vitals.succeed(Vitals { cpu, ..vitals() }, NOW);
        busy.cpu_over = Some(NOW - Duration::from_secs(29));
        assert!(causes(&busy).is_empty());
        busy.cpu_over = Some(NOW - HOLD);
        assert_eq!(causes(&busy), ["processors 95% busy (limit 80%)"]);
    }
}
