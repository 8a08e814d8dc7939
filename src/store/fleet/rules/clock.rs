//! The server's clock is not the console's.

use std::time::Duration;

use super::Seen;
use crate::domain::health::Health;
use crate::domain::time::Age;
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let Some(offset) = seen.vitals.and_then(|vitals| vitals.clock_offset_ms) else { return };
    let by = Duration::from_millis(offset.unsigned_abs());
    if by > seen.limits().clock_offset {
        let way = if offset > 0 { "ahead of" } else { "behind" };
        let cause = format!("clock {} {way} this machine's", Age(by));
        out.push(Finding::on_server(seen.server.id(), Kind::Limit, "clock", Health::Degraded, cause));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, server, vitals};
    use crate::domain::vitals::Vitals;

    #[test]
    fn a_clock_may_be_off_either_way() {
        let mut off = server("web-1");
        off.vitals.succeed(Vitals { clock_offset_ms: Some(-600_000), ..vitals() }, NOW);
        assert_eq!(causes(&off), ["clock 10m behind this machine's"]);
        off.vitals.succeed(Vitals { clock_offset_ms: Some(5000), ..vitals() }, NOW);
        assert!(causes(&off).is_empty());
    }
}
