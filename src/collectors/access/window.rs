//! A sliding minute of requests: a slot a second, and in each a histogram of times to answer. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::access::AccessStats;
use crate::domain::line::access::Request;
use crate::domain::quantity::Percent;
use crate::domain::time::Timestamp;

/// How many seconds are kept.
const SECONDS: i64 = 60;
/// Parts of each doubling of the time; a percentile is then wrong by one part in sixteen at most.
const PARTS: usize = 8;
/// Doublings from a microsecond on: up to some 19 hours.
const DOUBLINGS: usize = 36;

/// See the module.
#[derive(Debug)]
pub(super) struct Window {
    since: Timestamp,
    slots: VecDeque<Slot>,
}

/// One second.
#[derive(Debug, Default)]
struct Slot {
    second: i64,
    requests: u64,
    errors: u64,
    unread: u64,
    /// Counts by [`part_of`]; empty until a time is told.
    times: Vec<u32>,
}

impl Window {
    /// Empty, from now on.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { since: now, slots: VecDeque::new() }
    }

    /// A request came.
    pub(super) fn request(&mut self, request: Request, now: Timestamp) {
        let slot = self.slot(now);
        slot.requests += 1;
        slot.errors += u64::from((500..600).contains(&request.status));
        if let Some(time) = request.time {
            slot.times.resize(PARTS * DOUBLINGS, 0);
            let count = &mut slot.times[part_of(time)];
            *count = count.saturating_add(1);
        }
    }

    /// A line came that is no request.
    pub(super) fn unread(&mut self, now: Timestamp) {
        self.slot(now).unread += 1;
    }

    /// The figures of the last minute, or of the time since the start where that is less.
    pub(super) fn stats(&mut self, label: &str, now: Timestamp) -> AccessStats {
        self.forget(now);
        let sum = |of: fn(&Slot) -> u64| self.slots.iter().map(of).sum::<u64>();
        let requests = sum(|slot| slot.requests);
        let mut times = vec![0_u64; PARTS * DOUBLINGS];
        for slot in &self.slots {
            for (total, count) in times.iter_mut().zip(&slot.times) {
                *total += u64::from(*count);
            }
        }
        let window = self.since.age(now).min(Duration::from_secs(SECONDS.unsigned_abs()));
        AccessStats {
            label: label.to_owned(),
            window,
            requests,
            rate: requests as f64 / window.as_secs_f64().max(1.0),
            errors: Percent::of(sum(|slot| slot.errors), requests),
            p50: percentile(&times, 50),
            p95: percentile(&times, 95),
            p99: percentile(&times, 99),
            unread: sum(|slot| slot.unread),
        }
    }

    fn slot(&mut self, now: Timestamp) -> &mut Slot {
        self.forget(now);
        let second = now.as_millis().div_euclid(1000);
        // A clock that was set back goes on filling the newest slot.
        if self.slots.back().is_none_or(|slot| slot.second < second) {
            self.slots.push_back(Slot { second, ..Slot::default() });
        }
        let last = self.slots.len() - 1;
        &mut self.slots[last]
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = now.as_millis().div_euclid(1000) - SECONDS;
        // Slots of the future are of a clock that was set back, and would never go.
        self.slots.retain(|slot| slot.second > oldest && slot.second <= oldest + 2 * SECONDS);
    }
}

/// Where a time is counted: by its doublings of a microsecond, and the part within the last.
fn part_of(time: Duration) -> usize {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
    let doublings = micros.ilog2() as usize;
    let within = if doublings >= 3 {
        (micros >> (doublings - 3)) as usize & 7
    } else {
        (micros as usize) << (3 - doublings) & 7
    };
    (doublings * PARTS + within).min(PARTS * DOUBLINGS - 1)
}

/// The middle of a part.
fn time_of(part: usize) -> Duration {
    let low = 2_f64.powi(i32::try_from(part / PARTS).unwrap_or(0));
    let within = (part % PARTS) as f64 + 0.5;
    Duration::from_secs_f64((low + low * within / PARTS as f64) / 1e6)
}

fn percentile(times: &[u64], percent: u64) -> Option<Duration> {
    let total: u64 = times.iter().sum();
    // The smallest time that so many percent of the requests do not exceed.
    let rank = (total * percent).div_ceil(100).max(1);
    let mut seen = 0;
    times
        .iter()
        .position(|count| {
            seen += count;
            seen >= rank
        })
        .filter(|_| total > 0)
        .map(time_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(status: u16, millis: u64) -> Request {
        Request { status, time: Some(Duration::from_millis(millis)) }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_minute_of_requests_has_its_rate_errors_and_percentiles() {
        let mut window = Window::new(at(0));
        for n in 0..600 {
            window.request(
                request(if n % 10 == 0 { 503 } else { 200 }, if n % 20 == 0 { 900 } else { 100 }),
                at(n / 10),
            );
        }
        let stats = window.stats("caddy", at(60));
        assert_eq!((stats.requests, stats.window), (590, Duration::from_secs(60)));
        assert!((stats.rate - 9.83).abs() < 0.01, "{}", stats.rate);
        assert_eq!(stats.errors.map(|share| share.0.round()), Some(10.0));
        let near = |time: Option<Duration>, millis: f64| {
            (time.unwrap().as_secs_f64() * 1000.0 / millis - 1.0).abs() < 0.07
        };
        assert!(near(stats.p50, 100.0) && near(stats.p99, 900.0), "{:?} {:?}", stats.p50, stats.p99);
    }

    #[test]
    fn without_requests_there_is_no_error_rate_and_no_time() {
        let mut window = Window::new(at(0));
        window.request(request(500, 5), at(1));
        window.unread(at(100));
        let stats = window.stats("nginx", at(110));
        assert_eq!((stats.requests, stats.errors, stats.p95, stats.unread), (0, None, None, 1));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_old_requests_for_ever() {
        let mut window = Window::new(at(0));
        window.request(request(200, 5), at(10_000));
        window.request(request(200, 5), at(50));
        assert_eq!(window.stats("x", at(50)).requests, 1);
    }

    proptest! {
        #[test]
        fn a_time_is_counted_within_a_sixteenth_of_itself(micros in 8_u64..60_000_000_000) {
            let time = Duration::from_micros(micros);
            let counted = time_of(part_of(time)).as_secs_f64();
            prop_assert!((counted / time.as_secs_f64() - 1.0).abs() <= 1.0 / 15.9, "{time:?} as {counted}");
        }
    }
}
