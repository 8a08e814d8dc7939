//! From two looks at a container's counters to what it uses. Pure.
//!
//! The engine's own figure would cost it a second for each container, since it waits for a second
//! look; so it is asked for one, and the other is remembered here.

use bollard::models::ContainerStatsResponse;

use crate::domain::container::ContainerUsage;
use crate::domain::quantity::{Bytes, Percent};
use crate::domain::time::Timestamp;

/// A limit of memory from here on is the engine's way to say that there is none.
const NO_LIMIT: u64 = 1 << 60;

/// The counters of one look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// When the engine read them, or we received them (milliseconds; compared with its like only).
    at: i64,
    /// Processor time in nanoseconds.
    cpu: u64,
    memory: u64,
    limit: Option<u64>,
    /// What is counted of traffic; `None` where it is not, which is not the same as none.
    received: Option<u64>,
    sent: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
}

impl Counters {
    /// Reads the engine's answer; `None` where the container does not run (the engine then answers
    /// with zeros).
    pub(super) fn new(stats: &ContainerStatsResponse, now: Timestamp) -> Option<Self> {
        let cpu = stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
        let memory = stats.memory_stats.as_ref()?;
        let usage = memory.usage?;
        let networks = || stats.networks.iter().flat_map(|networks| networks.values());
        // An entry for each device and kind: `Read` and `Write` with control groups of version 1, in
        // small letters with version 2. Without the controller, or before the first transfer, none.
        let blocks = stats.blkio_stats.as_ref().and_then(|io| io.io_service_bytes_recursive.as_ref());
        let moved = |way: &str| {
            let entries = blocks.iter().flat_map(|entries| entries.iter());
            let of =
                entries.filter(|entry| entry.op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(way)));
            of.filter_map(|entry| entry.value).reduce(u64::saturating_add)
        };
        Some(Self {
            at: stats.read.as_deref().and_then(Timestamp::parse_rfc3339).unwrap_or(now).as_millis(),
            cpu,
            memory: usage.saturating_sub(page_cache(memory.stats.as_ref())),
            limit: memory.limit.filter(|limit| (1..NO_LIMIT).contains(limit)),
            received: networks().filter_map(|net| net.rx_bytes).reduce(u64::saturating_add),
            sent: networks().filter_map(|net| net.tx_bytes).reduce(u64::saturating_add),
            read: moved("read"),
            written: moved("write"),
        })
    }

    /// What was used since `before`; `None` where no time went by, or the container started anew. Traffic
    /// that went back without that (a network was taken away) has no rate this once.
    pub(super) fn since(&self, before: &Self, machine: Option<u64>) -> Option<ContainerUsage> {
        let millis = u64::try_from(self.at.checked_sub(before.at)?).ok().filter(|millis| *millis > 0)?;
        let rate =
            |now: Option<u64>, then: Option<u64>| Some(Bytes(per_second(now?.checked_sub(then?)?, millis)));
        let busy = self.cpu.checked_sub(before.cpu)?;
        Some(ContainerUsage {
            cpu: Percent((busy as f64 / (millis as f64 * 1e6) * 100.0) as f32),
            memory: Bytes(self.memory),
            memory_limit: self.limit.filter(|limit| machine.is_none_or(|all| *limit < all)).map(Bytes),
            received: rate(self.received, before.received),
            sent: rate(self.sent, before.sent),
            read: rate(self.read, before.read),
            written: rate(self.written, before.written),
        })
    }
}

fn per_second(amount: u64, millis: u64) -> u64 {
    u64::try_from(u128::from(amount) * 1000 / u128::from(millis.max(1))).unwrap_or(u64::MAX)
}

/// What the kernel could take back at once, as `docker stats` leaves it out: `inactive_file` with
/// control groups of version 2, `total_inactive_file` with version 1.
fn page_cache(stats: Option<&std::collections::HashMap<String, u64>>) -> u64 {
    let of = |key: &str| stats?.get(key).copied();
    of("total_inactive_file").or_else(|| of("inactive_file")).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(at: &str, cpu: u64, received: u64) -> ContainerStatsResponse {
        serde_json::from_value(serde_json::json!({
            "read": at,
            "cpu_stats": {"cpu_usage": {"total_usage": cpu}},
            "memory_stats": {"usage": 5000, "stats": {"inactive_file": 1000}, "limit": 8000},
            "networks": {"eth0": {"rx_bytes": received, "tx_bytes": 10}, "eth1": {"rx_bytes": 0, "tx_bytes": 5}},
            "blkio_stats": {"io_service_bytes_recursive": [
                {"major": 8, "minor": 0, "op": "Read", "value": 4096}, {"major": 8, "minor": 0, "op": "write", "value": 1}]}
        }))
        .unwrap()
    }

    fn counters(at: &str, cpu: u64, received: u64) -> Counters {
        Counters::new(&stats(at, cpu, received), Timestamp::default()).unwrap()
    }

    #[test]
    fn two_looks_give_rates() {
        let before = counters("2026-11-20T22:00:00Z", 1_000_000_000, 1000);
        let now = counters("2026-11-20T22:00:02Z", 4_000_000_000, 3000);
        let usage = now.since(&before, Some(8000)).unwrap();
        assert_eq!(usage.cpu, Percent(150.0));
        assert_eq!((usage.received, usage.sent), (Some(Bytes(1000)), Some(Bytes(0))));
        assert_eq!((usage.read, usage.written), (Some(Bytes(0)), Some(Bytes(0))));
        assert_eq!((usage.memory, usage.memory_limit), (Bytes(4000), None));
    }

    #[test]
    fn a_container_that_started_anew_has_no_rates_yet() {
        let before = counters("2026-11-20T22:00:00Z", 5_000_000_000, 1000);
        let now = counters("2026-11-20T22:00:02Z", 4_000_000, 3000);
        assert_eq!(now.since(&before, None), None);
        assert_eq!(before.since(&before, None), None);
    }

    #[test]
    fn traffic_that_went_back_has_no_rate_this_once_and_the_rest_stays() {
        let before = counters("2026-11-20T22:00:00Z", 1_000_000_000, 3000);
        let usage = counters("2026-11-20T22:00:02Z", 2_000_000_000, 1000).since(&before, None).unwrap();
        assert_eq!((usage.received, usage.sent, usage.cpu), (None, Some(Bytes(0)), Percent(50.0)));
    }

    /// A container in its server's network as Podman 5.4 tells of it, and control groups of version 2
    /// before the first transfer and after, as Docker 26 does: several devices, and what is neither read
    /// nor written.
    #[test]
    fn what_the_engine_does_not_count_is_unknown_and_no_zero() {
        let look = |second: u8, blocks: serde_json::Value| {
            let stats = serde_json::json!({
                "read": format!("2026-11-20T22:00:0{second}Z"),
                "cpu_stats": {"cpu_usage": {"total_usage": 788_568_594}},
                "memory_stats": {"usage": 192_512, "limit": 25_276_518_400_u64},
                "blkio_stats": {"io_service_bytes_recursive": blocks, "io_serviced_recursive": null},
            });
            Counters::new(&serde_json::from_value(stats).unwrap(), Timestamp::default()).unwrap()
        };
        let none = |counters: Counters, before: &Counters| {
            let usage = counters.since(before, None).unwrap();
            [usage.received, usage.sent, usage.read, usage.written] == [None; 4]
        };
        let empty = look(0, serde_json::json!([]));
        assert!(none(look(1, serde_json::Value::Null), &empty));
        let entry = |minor: u8, op: &str, value: u64| serde_json::json!({"major": 8, "minor": minor, "op": op, "value": value});
        let first = look(2, serde_json::json!([entry(0, "read", 4096), entry(0, "write", 0)]));
        assert!(none(first, &empty), "there is nothing to compare with");
        let all = [("read", 8192), ("write", 1000), ("sync", 99), ("total", 99)];
        let all = all.map(|(op, value)| entry(0, op, value)).into_iter().chain([entry(16, "write", 24)]);
        let usage = look(4, all.collect()).since(&first, None).unwrap();
        assert_eq!((usage.read, usage.written), (Some(Bytes(2048)), Some(Bytes(512))));
        assert_eq!(usage.received, None);
    }

    #[test]
    fn a_container_that_does_not_run_has_no_counters() {
        let stopped = serde_json::json!({"read": "0001-01-01T00:00:00Z", "cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}});
        assert_eq!(Counters::new(&serde_json::from_value(stopped).unwrap(), Timestamp::default()), None);
    }
}
