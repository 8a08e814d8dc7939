//! Main memory or swap is used past its limit.

use super::Seen;
use crate::domain::health::Health;
use crate::domain::vitals::SwapUse;
use crate::store::fleet::finding::{Finding, Kind};

pub(super) fn find(seen: &Seen<'_>, out: &mut Vec<Finding>) {
    let Some(vitals) = seen.vitals else { return };
    let used = vitals.memory.used().map(|used| ("memory", used, seen.limits().memory));
    let swap = vitals.swap.as_ref().and_then(SwapUse::share).map(|used| ("swap", used, seen.limits().swap));
    for (what, used, limit) in used.into_iter().chain(swap) {
        if used > limit {
            let cause = format!("{what} {used} used (limit {limit})");
            out.push(Finding::on_server(seen.server.id(), Kind::Limit, what, Health::Degraded, cause));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{NOW, causes, server, vitals};
    use crate::domain::quantity::Bytes;
    use crate::domain::vitals::{MemoryUse, SwapUse, Vitals};

    #[test]
    fn memory_and_swap_have_their_own_limits() {
        let mut full = server("web-1");
        let memory = MemoryUse { total: Bytes(100), available: Bytes(19) };
        let swap = Some(SwapUse { total: Bytes(100), used: Bytes(51) });
        full.vitals.succeed(Vitals { memory, swap, ..vitals() }, NOW);
        assert_eq!(causes(&full), ["memory 81% used (limit 80%)", "swap 51% used (limit 50%)"]);
    }
}
